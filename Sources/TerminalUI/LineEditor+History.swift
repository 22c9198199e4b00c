/// Where Up and Down have come to among the earlier inputs, and what was typed on the way there.
struct HistoryWalk: Sendable {
    /// An index of the entries; their count stands for the text that is not sent yet.
    var index: Int
    /// The text that is not sent yet.
    let unfinished: String
    /// Entries that were changed and left, the last left last. They are as they were in the history itself.
    var changed: [(index: Int, text: String)] = []
}

extension LineEditor {
    // MARK: Up and Down

    mutating func showOlder() {
        let walk = walk ?? HistoryWalk(index: history.entries.count, unfinished: text)
        // The application may have put in a shorter history meanwhile.
        show(min(walk.index, history.entries.count) - 1, of: walk)
    }

    mutating func showNewer() {
        guard let walk else { return }
        show(walk.index + 1, of: walk)
    }

    private mutating func show(_ index: Int, of walk: HistoryWalk) {
        guard index >= 0 else { return }
        var walk = walk
        let count = history.entries.count
        if self.walk != nil {
            walk.changed.removeAll { $0.index == walk.index }
            if !history.entries.indices.contains(walk.index) || history.entries[walk.index] != text {
                walk.changed.append((walk.index, text))
                if walk.changed.count > InputLimits.changedInputsMax { walk.changed.removeFirst() }
            }
        }
        walk.index = index
        let changed = walk.changed.first { $0.index == index }?.text
        if index >= count {
            set(walk.unfinished)
        } else {
            set(changed ?? history.entries[index])
            self.walk = walk
        }
    }

    // MARK: Ctrl-R

    /// A key while a search goes on.
    /// - Returns: nil where the key ended the search and is still to be handled.
    mutating func handleSearching(_ key: Key) -> Outcome? {
        switch (key.code, key.modifiers) {
        case (.character(let character), []), (.character(let character), .shift): lookFor(added: character)
        case (.backspace, _), (.character("h"), .control): lookForLess()
        case (.character("r"), .control): lookFurther()
        case (.escape, _), (.character("g"), .control), (.character("c"), .control): reverseSearch = nil
        // What nobody has seen is not sent: without a match, Enter only ends the search.
        case (.enter, []) where reverseSearch?.match == nil: acceptSearch()
        default:
            acceptSearch()
            return nil
        }
        return .handled
    }

    /// Ends a search; what it found is the text now, and the cursor is behind it. It can be undone.
    mutating func acceptSearch() {
        guard let search = reverseSearch else { return }
        if !search.query.isEmpty { lastQuery = search.query }
        reverseSearch = nil
        previous = .other
        guard let match = search.match else { return }
        walk = nil
        replace(0..<content.count, with: match)
        cursor = content.count
    }

    private mutating func lookFor(added character: Character) {
        guard var search = reverseSearch else { return }
        let query = search.query + String(character)
        guard query.utf8.count <= InputLimits.queryBytesMax else { return }
        search.query = query
        find(&search, from: search.index ?? history.entries.count - 1)
        reverseSearch = search
    }

    private mutating func lookForLess() {
        guard var search = reverseSearch else { return }
        _ = search.query.popLast()
        find(&search, from: history.entries.count - 1)
        reverseSearch = search
    }

    /// An older match; without one, what is found stays.
    private mutating func lookFurther() {
        guard var search = reverseSearch else { return }
        if search.query.isEmpty {
            search.query = lastQuery
            find(&search, from: history.entries.count - 1)
        } else if let index = search.index {
            var older = search
            find(&older, from: index - 1, otherThan: search.match)
            if older.match != nil { search = older }
        }
        reverseSearch = search
    }

    /// Case counts where the query has an upper case letter.
    private func find(_ search: inout ReverseSearch, from newest: Int, otherThan shown: String? = nil) {
        (search.match, search.index) = (nil, nil)
        guard !search.query.isEmpty else { return }
        let foldsCase = search.query == search.query.lowercased()
        let query = Array(search.query.utf8)
        for index in stride(from: min(newest, history.entries.count - 1), through: 0, by: -1) {
            let entry = history.entries[index]
            guard entry != shown, (foldsCase ? entry.lowercased() : entry).utf8.contains(query) else { continue }
            (search.match, search.index) = (entry, index)
            return
        }
    }
}

extension String.UTF8View {
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard let first = other.first else { return true }
        var rest = self[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: other) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
