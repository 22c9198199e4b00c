/// What a person does at the terminal, as ``InputParser`` reads it from the bytes.
public enum TerminalEvent: Sendable, Hashable {
    case key(Key)
    /// A bracketed paste, whole: newlines are `\n`, other controls are as they came.
    case paste(String)
    case mouse(Mouse)
    /// The terminal's window got (true) or lost the focus.
    case focus(Bool)
    /// The terminal's answer to a question of ours.
    case answer(TerminalAnswer)
}

/// One key press.
public struct Key: Sendable, Hashable {
    public enum Code: Sendable, Hashable {
        /// Upper case where Shift was held; with Control always lower case.
        case character(Character)
        case enter, tab, backspace, delete, insert, escape
        case up, down, left, right, home, end, pageUp, pageDown
        /// F1 is 1.
        case function(Int)
    }

    public struct Modifiers: OptionSet, Sendable, Hashable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }
        public static let shift = Modifiers(rawValue: 1)
        public static let alt = Modifiers(rawValue: 2)
        public static let control = Modifiers(rawValue: 4)
    }

    public var code: Code
    public var modifiers: Modifiers

    public init(_ code: Code, _ modifiers: Modifiers = []) {
        self.code = code
        self.modifiers = modifiers
    }

    public static func control(_ character: Character) -> Key { Key(.character(character), .control) }
    public static func alt(_ character: Character) -> Key { Key(.character(character), .alt) }
}

/// One report of the mouse; columns and rows from 0.
public struct Mouse: Sendable, Hashable {
    public enum Action: Sendable, Hashable {
        case press(button: Int), release, drag, wheelUp, wheelDown
    }
    public var action: Action
    public var column: Int
    public var row: Int

    public init(_ action: Action, column: Int, row: Int) {
        self.action = action
        self.column = column
        self.row = row
    }
}

/// What terminals answer when they are asked.
public enum TerminalAnswer: Sendable, Hashable {
    /// DSR 6: where the cursor is, from 0.
    case cursor(column: Int, row: Int)
    /// DA1: the parameters after `CSI ?`.
    case attributes([Int])
    /// XTVERSION: the terminal's own words.
    case version(String)
    /// OSC 11: red, green, blue, each 0 to 255.
    case background(UInt8, UInt8, UInt8)
}
