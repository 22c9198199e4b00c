/// What was cut from the line, to be put back by Ctrl-Y and Alt-Y.
struct KillRing: Sendable {
    /// The last one is yanked first.
    private var texts: [String] = []
    /// Which one Alt-Y has come to, from the end.
    private var back = 0

    enum Side { case before, after }

    /// - Parameter joining: where the text belongs beside the last one, when that was cut just before.
    mutating func add(_ text: String, joining side: Side?) {
        back = 0
        guard !text.isEmpty else { return }
        if let side, let last = texts.popLast() {
            texts.append(side == .after ? last + text : text + last)
        } else {
            texts.append(text)
            if texts.count > InputLimits.killsMax { texts.removeFirst() }
        }
    }

    mutating func newest() -> String? {
        back = 0
        return texts.last
    }

    /// The one before the one that was yanked last; behind the oldest comes the newest.
    mutating func older() -> String? {
        guard !texts.isEmpty else { return nil }
        back = (back + 1) % texts.count
        return texts[texts.count - 1 - back]
    }
}
