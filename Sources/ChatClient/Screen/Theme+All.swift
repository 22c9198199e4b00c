import TerminalUI

/// The themes to choose from: `/theme NAME`, `theme = "NAME"` in config.toml.
extension Theme {
    static let all = [standard, dark, light, mono, highContrast]

    /// nil where no theme has this name.
    static func named(_ name: String) -> Theme? { all.first { $0.name == name.lowercased() } }

    /// For dark backgrounds: each colour has a contrast of at least 4.5 to 1 against `#1c1c1c`.
    static let dark = Theme(
        name: "dark",
        dim: Style(.rgb(0x94, 0x94, 0x9e)),
        bar: Style(.rgb(0xe4, 0xe4, 0xe4), on: .rgb(0x30, 0x34, 0x46)),
        barTitle: Style(.rgb(0xff, 0xff, 0xff), on: .rgb(0x30, 0x34, 0x46), .bold),
        status: Style(.rgb(0xc8, 0xc8, 0xd0)),
        heading: Style(.rgb(0x8c, 0xaa, 0xee), on: .standard, .bold),
        prompt: Style(.rgb(0x8c, 0xaa, 0xee), on: .standard, .bold),
        ownName: Style(.rgb(0x81, 0xc8, 0xbe), on: .standard, .bold),
        mention: Style(.rgb(0xe5, 0xc8, 0x90), on: .standard, .bold),
        separator: Style(.rgb(0x83, 0x8b, 0xa7)),
        newSince: Style(.rgb(0xe5, 0xc8, 0x90), on: .standard, .bold),
        unread: Style(.rgb(0xff, 0xff, 0xff), on: .standard, .bold),
        link: Style(.rgb(0x85, 0xc1, 0xdc), on: .standard, .underline),
        code: Style(.rgb(0xa6, 0xd1, 0x89), on: .rgb(0x2a, 0x2c, 0x36)),
        warning: Style(.rgb(0xf2, 0x8b, 0x8c), on: .standard, .bold),
        good: Style(.rgb(0xa6, 0xd1, 0x89)),
        names: rgb([
            0xf4b8e4, 0xca9ee6, 0xf2a07b, 0xe5c890, 0xa6d189, 0x81c8be, 0x99d1db, 0x85c1dc, 0x8caaee, 0xbabbf1,
            0xd7af5f, 0xaf87ff, 0x5fd7af, 0xff87af, 0x87d7ff, 0xd7d787,
        ]))

    /// For light backgrounds: each colour has a contrast of at least 4.5 to 1 against `#ffffff`.
    static let light = Theme(
        name: "light",
        dim: Style(.rgb(0x60, 0x63, 0x70)),
        bar: Style(.rgb(0x20, 0x22, 0x2c), on: .rgb(0xdc, 0xe0, 0xe8)),
        barTitle: Style(.rgb(0x00, 0x00, 0x00), on: .rgb(0xdc, 0xe0, 0xe8), .bold),
        status: Style(.rgb(0x40, 0x43, 0x50)),
        heading: Style(.rgb(0x1e, 0x4f, 0xc2), on: .standard, .bold),
        prompt: Style(.rgb(0x1e, 0x4f, 0xc2), on: .standard, .bold),
        ownName: Style(.rgb(0x0b, 0x6b, 0x70), on: .standard, .bold),
        mention: Style(.rgb(0x8a, 0x4b, 0x00), on: .standard, .bold),
        separator: Style(.rgb(0x6a, 0x6e, 0x7c)),
        newSince: Style(.rgb(0x8a, 0x4b, 0x00), on: .standard, .bold),
        unread: Style(.rgb(0x00, 0x00, 0x00), on: .standard, .bold),
        link: Style(.rgb(0x1e, 0x4f, 0xc2), on: .standard, .underline),
        code: Style(.rgb(0x2f, 0x6b, 0x1c), on: .rgb(0xf0, 0xf1, 0xf5)),
        warning: Style(.rgb(0xb8, 0x0d, 0x30), on: .standard, .bold),
        good: Style(.rgb(0x2f, 0x6b, 0x1c)),
        names: rgb([
            0xa0147c, 0x7a2bc0, 0xb23c00, 0x8a5a00, 0x2f6b1c, 0x0b6b70, 0x00668a, 0x1e4fc2, 0x4b3fc4, 0xb01048,
            0x6b5b00, 0x9a2f8f, 0x00703c, 0x8a3030, 0x005fae, 0x5f6000,
        ]))

    /// No colours at all: only what every terminal can do with its own two.
    static let mono = Theme(
        name: "mono",
        ownName: Style(.standard, on: .standard, .bold),
        mention: Style(.standard, on: .standard, [.bold, .underline]),
        newSince: Style(.standard, on: .standard, .bold),
        link: Style(.standard, on: .standard, .underline),
        code: Style(.standard, on: .standard, .bold),
        warning: Style(.standard, on: .standard, .bold),
        good: .plain,
        names: [.plain])

    /// Nothing dimmed, few colours, all of them the brightest: for tired eyes and bad light.
    static let highContrast = Theme(
        name: "high-contrast",
        text: Style(.indexed(15), on: .indexed(0)),
        dim: Style(.indexed(15), on: .indexed(0)),
        bar: Style(.indexed(0), on: .indexed(15), .bold),
        barTitle: Style(.indexed(0), on: .indexed(15), [.bold, .underline]),
        status: Style(.indexed(15), on: .indexed(0), .bold),
        heading: Style(.indexed(11), on: .indexed(0), .bold),
        prompt: Style(.indexed(11), on: .indexed(0), .bold),
        ownName: Style(.indexed(14), on: .indexed(0), .bold),
        mention: Style(.indexed(0), on: .indexed(11), .bold),
        separator: Style(.indexed(15), on: .indexed(0)),
        newSince: Style(.indexed(11), on: .indexed(0), .bold),
        unread: Style(.indexed(11), on: .indexed(0), .bold),
        link: Style(.indexed(14), on: .indexed(0), .underline),
        code: Style(.indexed(10), on: .indexed(0)),
        action: Style(.indexed(15), on: .indexed(0), .italic),
        match: Style(.indexed(0), on: .indexed(11), .bold),
        warning: Style(.indexed(15), on: .indexed(1), .bold),
        good: Style(.indexed(10), on: .indexed(0)),
        selected: Style(.indexed(0), on: .indexed(15), .bold),
        names: [15, 14, 11, 10].map { Style(.indexed($0), on: .indexed(0), .bold) })

    private static func rgb(_ colours: [UInt32]) -> [Style] {
        colours.map { colour in
            Style(
                .rgb(
                    UInt8(truncatingIfNeeded: colour >> 16), UInt8(truncatingIfNeeded: colour >> 8),
                    UInt8(truncatingIfNeeded: colour)))
        }
    }
}
