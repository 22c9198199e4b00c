/// One line of who came and went, which goes on as long as nobody says anything: somebody who comes and goes again is
/// told once.
struct PresenceFold: Sendable, Equatable {
    enum Change: Sendable { case came, went, cameAndWent, wentAndCame }

    let line: LogLine.ID
    /// When the line began.
    let since: UInt64
    private var order: [String] = []
    private var changes: [String: Change] = [:]

    init(line: LogLine.ID, since: UInt64) {
        self.line = line
        self.since = since
    }

    mutating func came(_ user: String) {
        switch changes[user] {
        case nil: add(user, .came)
        case .went, .cameAndWent: changes[user] = changes[user] == .went ? .wentAndCame : .came
        case .came, .wentAndCame: break
        }
    }

    mutating func went(_ user: String) {
        switch changes[user] {
        case nil: add(user, .went)
        case .came, .wentAndCame: changes[user] = changes[user] == .came ? .cameAndWent : .went
        case .went, .cameAndWent: break
        }
    }

    private mutating func add(_ user: String, _ change: Change) {
        order.append(user)
        changes[user] = change
    }

    /// `ada, grace joined · linus left`; names as they came from the network.
    var text: String {
        let groups: [(Change, String)] = [
            (.came, "joined"), (.went, "left"), (.cameAndWent, "came and went"), (.wentAndCame, "left and came back"),
        ]
        return groups.compactMap { change, words in
            let users = order.filter { changes[$0] == change }
            guard !users.isEmpty else { return nil }
            let shown = users.prefix(ScreenLimits.presenceNamesMax).joined(separator: ", ")
            let more = users.count - ScreenLimits.presenceNamesMax
            return more > 0 ? "\(shown) and \(more) more \(words)" : "\(shown) \(words)"
        }.joined(separator: " · ")
    }
}
