import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ThemeTests {
    @Test func allAreFoundByName() {
        for theme in Theme.all { #expect(Theme.named(theme.name) == theme) }
        #expect(Theme.named("High-Contrast") == .highContrast)
        #expect(Theme.named("plaid") == nil)
    }

    /// A name has its colour in each run: the numbers would change with another hash.
    @Test func namesKeepTheirColours() {
        #expect(StableHash.of("") == 0xcbf2_9ce4_8422_2325)
        #expect(StableHash.of("a") == 0xaf63_dc4c_8601_ec8c)
        #expect(Theme.dark.name(of: "grace") == Theme.dark.names[Int(StableHash.of("grace") % 16)])
    }

    @Test(arguments: [(Theme.dark, Color.rgb(0x1c, 0x1c, 0x1c)), (.light, .rgb(0xff, 0xff, 0xff))])
    func coloursAreReadable(theme: Theme, background: Color) throws {
        for style in theme.named.map(\.style) + theme.names {
            guard style.foreground != .standard else { continue }
            let under = style.background == .standard ? background : style.background
            let contrast = try #require(Self.contrast(style.foreground, under))
            #expect(contrast >= 4.5, "\(style.foreground) on \(under) of \(theme.name): \(contrast)")
        }
    }

    @Test func monoHasNoColours() {
        for style in Theme.mono.named.map(\.style) + Theme.mono.names {
            #expect(style.foreground == .standard && style.background == .standard)
        }
    }

    /// What must be seen without colours differs from the text around it.
    @Test(arguments: Theme.all) func nothingIsSaidByColourAlone(theme: Theme) {
        for style in [theme.mention, theme.unread, theme.link, theme.match, theme.selected, theme.warning] {
            let isReversed = style.background != theme.text.background
            #expect(isReversed || style.attributes != theme.text.attributes, "\(theme.name)")
        }
    }

    /// As WCAG 2 defines it; nil for colours that the terminal's user chooses.
    private static func contrast(_ first: Color, _ second: Color) -> Double? {
        guard let first = luminance(first), let second = luminance(second) else { return nil }
        return (max(first, second) + 0.05) / (min(first, second) + 0.05)
    }

    private static func luminance(_ color: Color) -> Double? {
        guard case .rgb(let red, let green, let blue) = color else { return nil }
        func linear(_ part: UInt8) -> Double {
            let part = Double(part) / 255
            // x^2.4 by square roots: x^2 * x^(2/5), near enough by x^2 * x^(3/8) for a limit of 4.5.
            let base = (part + 0.055) / 1.055
            return part <= 0.04045
                ? part / 12.92 : base * base * (base.squareRoot() * base.squareRoot().squareRoot()).squareRoot()
        }
        return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }
}

extension Theme {
    /// The styles by their names.
    fileprivate var named: [(name: String, style: Style)] {
        Mirror(reflecting: self).children.compactMap { child in
            guard let name = child.label, let style = child.value as? Style else { return nil }
            return (name, style)
        }
    }
}
