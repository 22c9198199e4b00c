import ChatWire
import TerminalUI

/// Tab: names of commands, rooms, people and files. The first candidate is put in at once, each further Tab puts the next
/// one in its place; any other key ends it. People are called `@name`, at the beginning of a line and within it.
extension ChatModel {
    /// - Returns: false where the key has nothing to do with completion.
    mutating func pressedCompletion(_ key: Key) -> Bool {
        switch key {
        case Key(.tab): complete(step: 1)
        case Key(.tab, .shift): complete(step: -1)
        case Key(.escape) where completion != nil:
            // Takes back what was put in.
            if let completion { editor.replace(last: completion.length, with: ledger.completedToken) }
            completion = nil
        default:
            completion = nil
            return false
        }
        return true
    }

    private mutating func complete(step: Int) {
        if var running = completion, !running.candidates.isEmpty {
            let count = running.candidates.count
            running.selected = (running.selected + step + count) % count
            return put(running, replacing: running.length)
        }
        let before = String(editor.textBeforeCursor)
        guard let (token, candidates) = candidates(for: before) else { return }
        begin(candidates, token: token, step: step)
    }

    private mutating func begin(_ candidates: [String], token: String, step: Int = 1) {
        guard !candidates.isEmpty else { return inform("nothing begins like that") }
        ledger.completedToken = token
        let candidates = Array(candidates.prefix(ScreenLimits.candidatesMax))
        let first = CompletionState(
            candidates: candidates, selected: step < 0 ? candidates.count - 1 : 0, length: token.count)
        put(first, replacing: token.count)
        // The only one is taken.
        if candidates.count == 1 { completion = nil }
    }

    private mutating func put(_ state: CompletionState, replacing length: Int) {
        let candidate = state.candidates[state.selected]
        editor.replace(last: length, with: candidate)
        completion = CompletionState(candidates: state.candidates, selected: state.selected, length: candidate.count)
        edited()
    }

    /// What stands in the file system, asked for by an earlier Tab.
    mutating func received(paths: [String], for prefix: String) {
        let before = String(editor.textBeforeCursor)
        guard completion == nil, let (command, argument) = Self.command(in: before), command.entry.argument == .path,
            argument == prefix
        else { return }
        begin(paths, token: prefix)
    }
}

extension ChatModel {
    /// What could stand for the last word; nil where there is nothing to complete, or the answer comes later.
    private mutating func candidates(for before: String) -> (token: String, candidates: [String])? {
        let token = String(before.reversed().prefix { !$0.isWhitespace }.reversed())
        if before.hasPrefix("/"), !before.hasPrefix("//") {
            guard let (command, argument) = Self.command(in: before) else {
                return (
                    before,
                    SlashCommand.allCases.map { "/\($0.rawValue) " }.filter { $0.hasPrefix(before.lowercased()) }
                )
            }
            if command.entry.argument == .path {
                ask(.completePath(prefix: argument))
                return nil
            }
            if let found = candidates(of: command.entry.argument, for: argument) { return (argument, found) }
        }
        guard !token.isEmpty else { return nil }
        if token.hasPrefix("#") { return (token, roomNames(token).map { "\($0) " }) }
        return (token, users(token).map { "@\($0) " })
    }

    /// The command before the cursor and what follows it, once there is a blank behind its name.
    private static func command(in before: String) -> (SlashCommand, argument: String)? {
        guard before.hasPrefix("/"), let blank = before.firstIndex(where: \.isWhitespace),
            let (command, _) = SlashCommand.parse(String(before[..<blank]))
        else { return nil }
        return (command, String(before[before.index(after: blank)...]))
    }

    /// - Returns: nil where the argument is text, or has a word before it.
    private func candidates(of argument: SlashCommand.Argument, for text: String) -> [String]? {
        guard !text.contains(where: \.isWhitespace) || argument == .file else { return nil }
        func beginning(_ words: [String]) -> [String] { words.filter { $0.lowercased().hasPrefix(text.lowercased()) } }
        switch argument {
        case .none, .text, .path: return nil
        case .room: return text.hasPrefix("@") ? directNames(text) : roomNames(text)
        case .user: return users(text).map { "\($0) " }
        case .file: return beginning(current.flatMap { rooms[$0]?.files.map(\.name) } ?? [])
        case .transfer: return beginning(transfers.filter { $0.endedAt == nil }.map { "\($0.id)" })
        case .level: return beginning(RoomModel.Notify.allCases.map(\.rawValue))
        case .theme: return beginning(Theme.all.map(\.name))
        case .option: return beginning(ScreenOption.allCases.map(\.rawValue))
        case .command: return beginning(SlashCommand.allCases.map(\.rawValue))
        }
    }

    private func roomNames(_ token: String) -> [String] {
        let prefix = (token.hasPrefix("#") ? token.dropFirst() : token[...]).lowercased()
        return order.filter { rooms[$0]?.kind == .room }.map(\.value).filter { $0.hasPrefix(prefix) }.map { "#\($0)" }
    }

    /// Rooms of two go by the other one's name.
    private func directNames(_ token: String) -> [String] {
        order.filter { rooms[$0]?.kind != .room }.map(called).filter { $0.lowercased().hasPrefix(token.lowercased()) }
    }

    /// Those who spoke last come first, then those who are there.
    private func users(_ token: String) -> [String] {
        guard let current, let room = rooms[current] else { return [] }
        let prefix = (token.hasPrefix("@") ? token.dropFirst() : token[...]).lowercased()
        var seen: Set<String> = [user]
        let others = room.members.map(\.user).sorted { $0.lowercased() < $1.lowercased() }
        return (room.notes.speakers.reversed() + others).filter {
            $0.lowercased().hasPrefix(prefix) && seen.insert($0).inserted
        }
    }
}
