import ChatWire
import TerminalUI

/// What lies over the log takes the keys while it is there.
extension ChatModel {
    /// - Returns: false where no overlay took the key.
    mutating func pressedInOverlay(_ key: Key) -> Bool {
        // Drawing anew and stopping are always possible.
        if key == .control("l") || key == .control("z") { return false }
        switch overlay {
        case nil: return false
        case .help(let scroll): return pressedInHelp(scroll, key)
        case .goTo(let query, let selected): pressedInGoTo(query, selected, key)
        case .search(let state): pressedInSearch(state, key)
        case .paste(let text): decidePaste(text, key)
        case .question(_, let question): answer(question, key)
        }
        return true
    }

    /// The query after a key that edits it; nil where it does not.
    static func query(_ query: String, after key: Key) -> String? {
        switch key {
        case Key(.backspace): return String(query.dropLast())
        case .control("u"): return ""
        case .control("w"):
            var kept = query[...]
            while kept.last?.isWhitespace == true { kept.removeLast() }
            while let last = kept.last, !last.isWhitespace { kept.removeLast() }
            return String(kept)
        default:
            guard case .character(let character) = key.code, key.modifiers.isSubset(of: .shift) else { return nil }
            return query + String(character)
        }
    }

    /// A paste goes into the query of what is open; one line of it.
    mutating func pastedIntoOverlay(_ text: String) -> Bool {
        let line = String(text.prefix { !$0.isNewline })
        switch overlay {
        case nil: return false
        case .goTo(let query, _): goTo(query + line)
        case .search(let state): setQuery(state.query + line)
        case .help:
            overlay = nil
            return false
        // A second paste does not answer what becomes of the first.
        case .paste, .question: warn("not pasted: answer the question first")
        }
        return true
    }

    /// The keys of help scroll it; whatever else is pressed closes it and does what it always does.
    private mutating func pressedInHelp(_ scroll: Int, _ key: Key) -> Bool {
        let page = ChatView.helpPage(self)
        let last = ChatView.helpScrollMax(self)
        let scroll = min(scroll, last)
        let target: Int
        switch key {
        case Key(.up): target = scroll - 1
        case Key(.down): target = scroll + 1
        case Key(.pageUp): target = scroll - page
        case Key(.pageDown), Key(.character(" ")): target = scroll + page
        case Key(.home): target = 0
        case Key(.end): target = last
        case Key(.escape), Key(.enter), Key(.function(1)), Key(.character("q")), .control("c"):
            overlay = nil
            return true
        default:
            overlay = nil
            return false
        }
        overlay = .help(scroll: min(max(0, target), last))
        return true
    }

    private mutating func answer(_ question: Overlay.Question, _ key: Key) {
        switch key {
        case Key(.character("y")), Key(.character("Y")):
            overlay = nil
            switch question {
            case .leave: quit()
            case .overwriteDraft: editor.set("")
            }
        case Key(.character("n")), Key(.character("N")), Key(.escape), .control("c"): overlay = nil
        default: inform("y or n")
        }
    }
}

/// Alt-K.
extension ChatModel {
    /// Opens the list, or changes its query; the first room is marked.
    mutating func goTo(_ query: String) {
        overlay = .goTo(query: query, selected: goToCandidates(query).first)
    }

    /// The rooms that the query leaves, those with something new first.
    func goToCandidates(_ query: String) -> [RoomName] {
        let query = (query.hasPrefix("#") || query.hasPrefix("@") ? query.dropFirst() : query[...]).lowercased()
        let matching = order.filter { name in
            if name.value.contains(query) { return true }
            if case .direct(let user) = rooms[name]?.kind { return user.lowercased().contains(query) }
            return false
        }
        func urgency(_ name: RoomName) -> Int {
            guard query.isEmpty, let room = rooms[name], !room.isMuted else { return 0 }
            return room.mentions > 0 ? 2 : room.unread > 0 ? 1 : 0
        }
        return [2, 1, 0].flatMap { level in matching.filter { urgency($0) == level } }
    }

    private mutating func pressedInGoTo(_ query: String, _ selected: RoomName?, _ key: Key) {
        let candidates = goToCandidates(query)
        let index = selected.flatMap { candidates.firstIndex(of: $0) } ?? 0
        func mark(_ index: Int) {
            overlay = .goTo(query: query, selected: candidates.isEmpty ? nil : candidates[index])
        }
        switch key {
        case Key(.escape), .control("c"), .alt("k"): overlay = nil
        case Key(.up), Key(.tab, .shift): mark(max(0, index - 1))
        case Key(.down), Key(.tab): mark(min(candidates.count - 1, index + 1))
        case Key(.enter):
            if !candidates.isEmpty {
                overlay = nil
                return show(candidates[index])
            }
            // A name of no room here is one to join.
            if !query.isEmpty, joinAndShow(query) { overlay = nil }
        default:
            guard let query = Self.query(query, after: key) else { return }
            goTo(query)
        }
    }
}
