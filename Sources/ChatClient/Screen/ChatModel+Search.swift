import ChatWire
import NIOCore
import TerminalUI

/// Search in the log at once, and in the server's history when the query rests.
extension ChatModel {
    mutating func openSearch(_ query: String = "") {
        guard current != nil else { return warn("no room yet: /join ROOM") }
        overlay = .search(SearchState())
        setQuery(query)
    }

    private var search: SearchState? {
        if case .search(let state) = overlay { state } else { nil }
    }

    mutating func setQuery(_ query: String) {
        guard let current, let room = rooms[current] else { return }
        var state = SearchState(query: query)
        ledger.searchAt = nil
        if let text = try? SearchText(query) {
            for line in room.log.lines.reversed() where !isHidden(line) && Self.matches(line, text) {
                state.results.append(line)
                if state.results.count == ScreenLimits.localResultsMax { break }
            }
            if features.contains(ServerFeature.search.rawValue) {
                ledger.searchAt = now + ScreenLimits.searchAfter
            } else {
                state.trouble = "this server does not search its history; only what is loaded was searched"
            }
        }
        overlay = .search(state)
    }

    private static func matches(_ line: LogLine, _ text: SearchText) -> Bool {
        switch line.content {
        case .message(let user, let body, _): text.matches(body) || text.matches(user)
        case .file(let file): text.matches(file.name) || text.matches(file.user)
        case .gap, .caughtUp, .connectionLost, .presence, .notice, .local: false
        }
    }

    /// Asks the server for the first, or the next, part of its answer.
    mutating func searchServer() {
        ledger.searchAt = nil
        guard var state = search, !state.isSearching, !state.isExhausted, let current,
            let text = try? SearchText(state.query), features.contains(ServerFeature.search.rawValue)
        else { return }
        guard case .online = connection else {
            state.trouble = "not connected; only what is loaded was searched"
            overlay = .search(state)
            return
        }
        state.isSearching = true
        state.trouble = nil
        overlay = .search(state)
        ask(.search(current, text: text.text, before: state.before))
    }

    /// The state that an answer belongs to; nil where the user went on.
    private func search(_ query: String, in room: RoomName) -> SearchState? {
        guard let state = search, state.isSearching, room == current, (try? SearchText(state.query))?.text == query
        else {
            return nil
        }
        return state
    }

    mutating func found(_ entries: [Entry], before: Position?, _ query: String, in room: RoomName) {
        guard var state = search(query, in: room) else { return }
        state.isSearching = false
        state.before = before
        state.isExhausted = before == nil
        let selected = state.results.indices.contains(state.selected) ? state.results[state.selected].id : nil
        var known = Set(state.results.map(\.id))
        for entry in entries {
            let line = logLine(of: entry).line
            if !isHidden(line), known.insert(line.id).inserted { state.results.append(line) }
        }
        state.results.sort(by: Self.isNewer)
        if state.results.count > ScreenLimits.resultsMax {
            state.results.removeLast(state.results.count - ScreenLimits.resultsMax)
            state.isExhausted = true
        }
        if let selected, let index = state.results.firstIndex(where: { $0.id == selected }) { state.selected = index }
        overlay = .search(state)
    }

    /// Newest first; what is not stored yet is newer than all.
    private static func isNewer(_ left: LogLine, _ right: LogLine) -> Bool {
        switch (left.id, right.id) {
        case (.entry(let left), .entry(let right)): left > right
        case (.own, .own): left.time > right.time
        case (.own, _): true
        case (_, .own), (.local, _), (_, .local): false
        }
    }

    mutating func searchFailed(_ reason: String, _ query: String, in room: RoomName) {
        guard var state = search(query, in: room) else { return }
        state.isSearching = false
        state.trouble = reason
        overlay = .search(state)
    }

    mutating func pressedInSearch(_ state: SearchState, _ key: Key) {
        var state = state
        switch key {
        case Key(.escape), .control("c"), .control("s"):
            overlay = nil
            ledger.searchAt = nil
            return
        case Key(.up): state.selected = max(0, state.selected - 1)
        case Key(.down): state.selected = min(max(0, state.results.count - 1), state.selected + 1)
        case Key(.pageUp): state.selected = max(0, state.selected - max(1, rows / 2))
        case Key(.pageDown): state.selected = min(max(0, state.results.count - 1), state.selected + max(1, rows / 2))
        case Key(.enter): return jump(in: state)
        default:
            guard let query = Self.query(state.query, after: key) else { return }
            return setQuery(query)
        }
        overlay = .search(state)
        // The end of what is known leads on into the history.
        let isAtEnd = key != Key(.up) && key != Key(.pageUp) && state.selected >= state.results.count - 1
        if isAtEnd { searchServer() }
    }

    private mutating func jump(in state: SearchState) {
        guard let current, state.results.indices.contains(state.selected) else { return searchServer() }
        overlay = nil
        ledger.searchAt = nil
        let id = state.results[state.selected].id
        switch id {
        case .entry(let position): seek(position, in: current)
        case .own, .local: jump(to: id, in: current)
        }
        ledger.found = id
    }
}
