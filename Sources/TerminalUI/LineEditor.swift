/// The input line: text of one or more lines with a cursor between clusters, edited as readline does. A value: a key
/// in, an outcome out.
///
/// A key changes only what is around the cursor, so that it costs the same in a long text as in a short one, but for a
/// copy of the text's bytes.
public struct LineEditor: Sendable {
    public enum Outcome: Sendable, Equatable {
        /// The text or the cursor may have changed.
        case handled
        /// Not a key of the editor: the application may use it.
        case ignored
        /// Enter: what was typed. The editor is empty now, and the text is in ``history``.
        case submit(String)
    }

    /// Earlier inputs, which Up, Down and Ctrl-R bring back.
    public var history: InputHistory
    /// Clusters before the cursor.
    public internal(set) var cursor: Int
    /// While Ctrl-R searches. The text stays as it was until the search ends.
    public internal(set) var reverseSearch: ReverseSearch?

    public struct ReverseSearch: Sendable, Equatable {
        public var query: String
        /// What is found; nil where nothing is.
        public var match: String?
        /// Which entry of the history that is.
        var index: Int?
    }

    var content: ClusterText { didSet { changes += 1 } }
    /// Grows when the text changes: where the number is the same, the text is.
    public private(set) var changes = 0
    var undoLog = UndoLog()
    var kills = KillRing()
    /// Where Up and Down have come to in the history.
    var walk: HistoryWalk?
    /// What Ctrl-R looked for last; a second Ctrl-R looks for it again.
    var lastQuery = ""
    /// What the key before did, where the next one depends on it.
    var previous = Previous.other

    enum Previous: Sendable, Equatable {
        case other
        /// A letter: the next one is undone with it.
        case typing
        /// The next kill joins this one in the ring.
        case kill
        /// Alt-Y puts an older kill in the place of these clusters.
        case yank(Range<Int>)
        /// Up and Down, through shorter lines, back to this column.
        case vertical(goal: Int)
    }

    public init(text: String = "", history: InputHistory = InputHistory()) {
        content = ClusterText(Self.clean(text))
        cursor = content.count
        self.history = history
    }

    /// What is typed, with `\n` between lines.
    public var text: String { content.text }
    public var isEmpty: Bool { content.clusters.isEmpty }
    /// What stands before the cursor.
    public var textBeforeCursor: Substring { Substring(content.string(0..<cursor)) }
    /// Lines of the text, before any wrapping.
    public var lineCount: Int { 1 + content.clusters.count { $0 == "\n" } }

    /// Puts text in at the cursor, as a paste does; CR LF and CR become `\n`. A search ends with what it found.
    /// - Returns: whether it fitted into ``InputLimits/textBytesMax``; where it did not, only its beginning is there.
    @discardableResult
    public mutating func insert(_ inserted: String) -> Bool {
        acceptSearch()
        previous = .other
        return replace(cursor..<cursor, with: inserted)
    }

    /// Replaces everything; the cursor goes to the end. It cannot be undone, so that Ctrl-_ never brings the draft of
    /// another room.
    public mutating func set(_ text: String) {
        let cleaned = Self.clean(text)
        // Byte by byte: what is only canonically the same is another text.
        if !cleaned.utf8.elementsEqual(content.text.utf8) { content = ClusterText(cleaned) }
        cursor = content.count
        undoLog = UndoLog()
        walk = nil
        reverseSearch = nil
        previous = .other
    }

    /// Removes everything, as Ctrl-C does in a shell; Ctrl-_ brings it back.
    public mutating func clear() {
        reverseSearch = nil
        walk = nil
        previous = .other
        replace(0..<content.count, with: "")
    }

    /// Replaces the `count` clusters before the cursor, as a completion does.
    /// - Returns: as ``insert(_:)``.
    @discardableResult
    public mutating func replace(last count: Int, with replacement: String) -> Bool {
        acceptSearch()
        previous = .other
        return replace(max(0, cursor - max(0, count))..<cursor, with: replacement)
    }

    // MARK: What all changes go through

    /// Replaces clusters; the cursor goes behind what was put in, and there behind the cluster if it joined one.
    @discardableResult
    mutating func replace(_ range: Range<Int>, with replacement: String, joinsLast: Bool = false) -> Bool {
        let removed = content.clusters[range].reduce(0) { $0 + $1.utf8.count }
        let room = InputLimits.textBytesMax - content.text.utf8.count + removed
        let cleaned = Self.normalized(replacement)
        let fitting = Self.prefix(cleaned, bytes: room)
        let change = content.change(range, to: fitting)
        var place = min(change.start, range.lowerBound)
        var left = content.clusters[place..<range.lowerBound].reduce(fitting.utf8.count) { $0 + $1.utf8.count }
        if !change.old.isEmpty || !change.new.isEmpty {
            undoLog.add(change, cursor: cursor, joinsLast: joinsLast)
            content.apply(change)
        }
        while left > 0 {
            left -= content.clusters[place].utf8.count
            place += 1
        }
        cursor = place
        return fitting.utf8.count == cleaned.utf8.count
    }

    private static func clean(_ text: String) -> String { prefix(normalized(text), bytes: InputLimits.textBytesMax) }

    private static func normalized(_ text: String) -> String {
        guard text.utf8.contains(0x0d) else { return text }
        return String(text.map { $0 == "\r\n" || $0 == "\r" ? "\n" : $0 })
    }

    /// As many whole clusters as fit.
    private static func prefix(_ text: String, bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var left = bytes
        return String(
            text.prefix { cluster in
                left -= cluster.utf8.count
                return left >= 0
            })
    }
}
