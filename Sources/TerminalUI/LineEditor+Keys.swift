extension LineEditor {
    /// What a key asks for.
    private enum Command {
        case type(Character)
        case newline, submit
        case left, right, wordLeft, wordRight, lineStart, lineEnd, textStart, textEnd, up, down
        case deleteBefore, deleteAfter, transpose, undo
        case killWordBefore, killSpacedWordBefore, killWordAfter, killToLineStart, killToLineEnd
        case yank, yankOlder
        case search
    }

    /// Enter submits, Alt-Enter and Ctrl-J begin a new line; the rest is readline's. While Ctrl-R searches, keys go to
    /// the search.
    public mutating func handle(_ key: Key) -> Outcome {
        if reverseSearch != nil, let outcome = handleSearching(key) { return outcome }
        guard let command = Self.command(for: key) else { return .ignored }
        // As in a shell, where it means the end of the input: the application decides.
        if case .deleteAfter = command, key == .control("d"), isEmpty { return .ignored }
        let before = previous
        previous = .other
        if case .submit = command { return submit() }
        perform(command, after: before)
        return .handled
    }

    private mutating func submit() -> Outcome {
        let submitted = text
        history.add(submitted)
        set("")
        return .submit(submitted)
    }

    private static func command(for key: Key) -> Command? {
        switch (key.code, key.modifiers) {
        // A terminal that tells of Shift sends the shifted character with it.
        case (.character(let character), []), (.character(let character), .shift): .type(character)
        case (.character(let character), .control): command(forControl: character)
        case (.character(let character), .alt): command(forAlt: character)
        // Ctrl-_ on keyboards whose terminal tells of Shift.
        case (.character("-"), [.control, .shift]), (.character("_"), [.control, .shift]): .undo
        case (.enter, []): .submit
        case (.enter, _): .newline
        case (.left, []): .left
        case (.right, []): .right
        case (.left, .control), (.left, .alt): .wordLeft
        case (.right, .control), (.right, .alt): .wordRight
        case (.up, []): .up
        case (.down, []): .down
        case (.home, []): .lineStart
        case (.end, []): .lineEnd
        case (.home, .control): .textStart
        case (.end, .control): .textEnd
        case (.backspace, []), (.backspace, .shift): .deleteBefore
        case (.backspace, .alt), (.backspace, .control): .killWordBefore
        case (.delete, []): .deleteAfter
        case (.delete, .control), (.delete, .alt): .killWordAfter
        default: nil
        }
    }

    private static func command(forControl character: Character) -> Command? {
        switch character {
        case "a": .lineStart
        case "b": .left
        case "d": .deleteAfter
        case "e": .lineEnd
        case "f": .right
        case "h": .deleteBefore
        case "j": .newline
        case "k": .killToLineEnd
        case "n": .down
        case "p": .up
        case "r": .search
        case "t": .transpose
        case "u": .killToLineStart
        case "w": .killSpacedWordBefore
        case "y": .yank
        case "_", "/": .undo
        default: nil
        }
    }

    private static func command(forAlt character: Character) -> Command? {
        switch character {
        case "b": .wordLeft
        case "d": .killWordAfter
        case "f": .wordRight
        case "y": .yankOlder
        default: nil
        }
    }

    private mutating func perform(_ command: Command, after before: Previous) {
        switch command {
        case .type(let character): type(character, after: before)
        case .newline: replace(cursor..<cursor, with: "\n")
        case .submit: break
        case .left: cursor = max(0, cursor - 1)
        case .right: cursor = min(content.count, cursor + 1)
        case .wordLeft: cursor = wordStart(before: cursor)
        case .wordRight: cursor = wordEnd(after: cursor)
        case .lineStart: cursor = lineStart(of: cursor)
        case .lineEnd: cursor = lineEnd(of: cursor)
        case .textStart: cursor = 0
        case .textEnd: cursor = content.count
        case .up: moveUp(after: before)
        case .down: moveDown(after: before)
        case .deleteBefore: replace(max(0, cursor - 1)..<cursor, with: "")
        case .deleteAfter: replace(cursor..<min(content.count, cursor + 1), with: "")
        case .transpose: transpose()
        case .undo: undo()
        case .killWordBefore: kill(wordStart(before: cursor)..<cursor, .before, after: before)
        case .killSpacedWordBefore: kill(spacedWordStart(before: cursor)..<cursor, .before, after: before)
        case .killWordAfter: kill(cursor..<wordEnd(after: cursor), .after, after: before)
        case .killToLineStart: kill(rangeToLineStart, .before, after: before)
        case .killToLineEnd: kill(rangeToLineEnd, .after, after: before)
        case .yank: yank(kills.newest(), replacing: cursor..<cursor)
        case .yankOlder: yankOlder(after: before)
        case .search: reverseSearch = ReverseSearch(query: "")
        }
    }

    /// A word is one step of undo, with the spaces behind it.
    private mutating func type(_ character: Character, after before: Previous) {
        previous = .typing
        if cursor > 0, !character.isASCII {
            let last = String(content.clusters[cursor - 1])
            let joined = last + String(character)
            if joined.utf8.count > InputLimits.clusterBytesMax, joined.count == 1 { return }
        }
        let beginsWord = cursor > 0 && content.clusters[cursor - 1].isWhitespace && !character.isWhitespace
        replace(cursor..<cursor, with: String(character), joinsLast: before == .typing && !beginsWord)
    }

    private mutating func transpose() {
        let second = cursor == lineEnd(of: cursor) ? cursor - 1 : cursor
        guard second > lineStart(of: cursor) else { return }
        let swapped = content.string(second..<(second + 1)) + content.string((second - 1)..<second)
        replace((second - 1)..<(second + 1), with: swapped)
    }

    private mutating func undo() {
        guard let step = undoLog.removeLast() else { return }
        content.apply(step.change.inverse)
        cursor = min(step.cursor, content.count)
    }

    // MARK: Killing and yanking

    private mutating func kill(_ range: Range<Int>, _ side: KillRing.Side, after before: Previous) {
        kills.add(content.string(range), joining: before == .kill ? side : nil)
        replace(range, with: "")
        previous = .kill
    }

    private mutating func yank(_ killed: String?, replacing range: Range<Int>) {
        guard let killed else { return }
        let after = content.count - range.upperBound
        replace(range, with: killed)
        // Behind it is as much as was before, unless it joined that.
        previous = .yank(min(range.lowerBound, cursor)..<max(min(range.lowerBound, cursor), content.count - after))
    }

    private mutating func yankOlder(after before: Previous) {
        guard case .yank(let range) = before, range.upperBound <= content.count else { return }
        yank(kills.older(), replacing: range)
    }
}
