import ChatWire

/// What is said to the terminal itself: its title, a notification. The text comes from the network, so it passes
/// ``ChatWire/VisibleText``; the sequences end where nothing of it can end them.
enum TerminalText {
    static let charactersMax = 200

    /// OSC 2.
    static func title(_ text: String) -> [UInt8] { osc("2;\(visible(text))") }

    /// OSC 777 (urxvt, foot, kitty, WezTerm) and OSC 9 (iTerm2, Windows Terminal, ConEmu): who knows neither ignores both.
    static func notification(_ title: String, _ body: String) -> [UInt8] {
        let (title, body) = (visible(title).replacing(";", with: ","), visible(body))
        // OSC 9 with a number in front means something else.
        return osc("777;notify;\(title);\(body)") + osc("9;\(title): \(body)")
    }

    private static func visible(_ text: String) -> String { String(VisibleText(text).value.prefix(charactersMax)) }

    private static func osc(_ text: String) -> [UInt8] { Array("\u{1b}]\(text)\u{1b}\\".utf8) }
}
