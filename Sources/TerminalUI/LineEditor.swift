/// The input line: text of one or more lines with a cursor between clusters, edited as readline does. A value: a key
/// in, an outcome out.
public struct LineEditor: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The text or the cursor may have changed.
        case handled
        /// Not a key of the editor: the application may use it.
        case ignored
        /// Enter: what was typed. The editor is empty now, and the text is in ``history``.
        case submit(String)
    }

    /// What is typed, with `\n` between lines.
    public private(set) var text: String
    /// Clusters before the cursor.
    public private(set) var cursor: Int
    /// Earlier inputs, which Up, Down and Ctrl-R bring back.
    public var history: InputHistory
    /// While Ctrl-R searches.
    public private(set) var reverseSearch: ReverseSearch?

    public struct ReverseSearch: Sendable, Equatable {
        public var query: String
        /// What is found; nil where nothing is.
        public var match: String?
    }

    public init(text: String = "", history: InputHistory = InputHistory()) {
        self.text = text
        cursor = text.count
        self.history = history
    }

    public var isEmpty: Bool { text.isEmpty }

    public mutating func handle(_ key: Key) -> Outcome {
        switch (key.code, key.modifiers) {
        case (.character(let character), []): insert(String(character))
        case (.enter, []):
            let submitted = text
            history.add(submitted)
            set("")
            return .submit(submitted)
        default: return .ignored
        }
        return .handled
    }

    /// Puts text in at the cursor, as a paste does.
    public mutating func insert(_ inserted: String) {
        let index = text.index(text.startIndex, offsetBy: cursor)
        text.insert(contentsOf: inserted, at: index)
        cursor += inserted.count
    }

    /// Replaces everything; the cursor goes to the end.
    public mutating func set(_ text: String) {
        self.text = text
        cursor = text.count
    }

    /// Replaces the `count` clusters before the cursor, as a completion does.
    public mutating func replace(last count: Int, with replacement: String) {
        let end = text.index(text.startIndex, offsetBy: cursor)
        let start = text.index(text.startIndex, offsetBy: max(0, cursor - count))
        text.replaceSubrange(start..<end, with: replacement)
        cursor = cursor - min(count, cursor) + replacement.count
    }

    /// What stands before the cursor.
    public var textBeforeCursor: Substring { text.prefix(cursor) }

    /// The text as rows of at most `columns`, and where the cursor stands among them: lines wrap at clusters, tabs are
    /// expanded, controls are drawn as U+FFFD.
    public func layout(columns: Int) -> (rows: [String], cursor: Screen.Place) {
        ([text], Screen.Place(column: TextWidth.of(textBeforeCursor), row: 0))
    }
}

/// Earlier inputs, oldest first, without repetitions in a row.
public struct InputHistory: Sendable, Equatable {
    public private(set) var entries: [String]
    /// The oldest are dropped above it.
    public let limit: Int

    public init(_ entries: [String] = [], limit: Int = 1000) {
        self.entries = entries.suffix(limit)
        self.limit = limit
    }

    public mutating func add(_ entry: String) {
        guard !entry.allSatisfy(\.isWhitespace), entry != entries.last else { return }
        entries.append(entry)
        if entries.count > limit { entries.removeFirst(entries.count - limit) }
    }
}
