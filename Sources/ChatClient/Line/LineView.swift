import ChatWire
import NIOCore

/// Turns a session's events into lines for a terminal or a pipe. Everything that came from the network passes
/// ``ChatWire/VisibleText`` here.
struct LineView: Sendable {
    enum Line: Equatable {
        /// Part of the conversation: standard output.
        case text(String)
        /// About the session: standard error.
        case status(String)
        /// Replaces the last line of this kind while no connection works; nil ends it.
        case waiting(reason: String, until: NIODeadline, attempt: Int)
        case connected
    }

    let style: LineStyle
    /// Presence lines are for people who watch; `tail` leaves them out.
    var showsPresence = true
    /// More than one room is shown, so lines say which.
    var namesRooms = false
    private var wasConnected = false
    private var isWaiting = false

    init(style: LineStyle) { self.style = style }

    mutating func lines(for event: SessionEvent, now: NIODeadline) -> [Line] {
        switch event {
        case .connected(let connected):
            return self.connected(connected)
        case .disconnected(let reason, let retryAt, let attempt):
            isWaiting = true
            return [.waiting(reason: VisibleText(reason).value, until: retryAt, attempt: attempt)]
        case .stopped(let reason):
            return reason.kind == .closed ? [] : [.status(VisibleText(reason.message).value)]
        case .joined(let joined):
            guard showsPresence, !joined.isAgain else { return [] }
            return [
                .text(prefix(joined.room) + style.dimmed("-- \(joined.room): \(people(joined.members, joined.count))"))
            ]
        case .left(let room):
            return showsPresence ? [.text(style.dimmed("-- left \(room)"))] : []
        case .roomRefused(let room, let error):
            return [.status("cannot join \(room): \(VisibleText(error.message).value)")]
        case .entry(let room, let entry):
            return [.text(text(of: entry, in: room))]
        case .gap(let room, _, _):
            return [.text(prefix(room) + style.dimmed("-- messages are missing here"))]
        case .caughtUp, .stored, .typing, .read, .latency:
            return []
        case .topic(let room, let topic):
            guard showsPresence else { return [] }
            let user = VisibleText(topic.user).value
            let text = topic.text.isEmpty ? "took the topic away" : "topic: \(VisibleText(topic.text).value)"
            return [.text(prefix(room) + style.dimmed("-- \(user) \(text)"))]
        case .direct(let room, let user, let isGuest):
            return [
                .status(
                    "\(VisibleText(user).value)\(isGuest ? ", a guest," : "") talks to you in \(room): /join \(room)")
            ]
        case .delayed(let message, let error, _):
            return error.code == .rateLimited
                ? [] : [.status("not stored yet, kept: \(visible(message))")]
        case .refused(let message, let error):
            return [.status("refused (\(VisibleText(error.message).value)): \(visible(message))")]
        case .kept(let message, .perhapsStored):
            return [.status("may be stored already, not sent again (/resend, /discard): \(visible(message))")]
        case .kept(let message, .writtenBy(let user)):
            return [.status("kept, because it was written as \(VisibleText(user).value): \(visible(message))")]
        case .presence(let presence):
            return showsPresence ? self.presence(presence) : []
        case .notice(_, _, let text):
            return [.status("server: \(VisibleText(text).value)")]
        case .error(let error):
            return [.status("server: \(VisibleText(error.message).value)")]
        }
    }

    /// An entry as one line, or several where its body has several.
    func text(of entry: Entry, in room: RoomName) -> String {
        let head = "\(prefix(room))\(style.time(entry.id.milliseconds)) "
        switch try? entry.content() {
        case .message(let message):
            let body = VisibleText(message.body, newlines: .kept).value.split(
                separator: "\n", omittingEmptySubsequences: false)
            return head + style.bold(VisibleText(message.user).value) + "  " + body.joined(separator: "\n      ")
        case .file(let file):
            let name = VisibleText(file.name).value
            let type = VisibleText(file.mediaType).value
            return head + style.bold(VisibleText(file.user).value) + "  file \(name) (\(file.bytes) bytes, \(type))"
        case nil:
            return head + style.dimmed("-- cannot be shown by this version")
        }
    }

    private mutating func connected(_ connected: SessionEvent.Connected) -> [Line] {
        defer {
            wasConnected = true
            isWaiting = false
        }
        let node = VisibleText(connected.node).value
        if !wasConnected {
            return [.connected, .status("connected to \(node) as \(VisibleText(connected.user).value)")]
        }
        // A drained node's clients move without a pause: nothing to say.
        return isWaiting ? [.connected, .status("back on \(node)")] : []
    }

    private func presence(_ presence: ServerFrame.Presence) -> [Line] {
        let here = "\(presence.count) here"
        if presence.joined.isEmpty, presence.left.isEmpty {
            return [.text(prefix(presence.room) + style.dimmed("-- \(here)"))]
        }
        let came = presence.joined.map { "\(VisibleText($0.user).value) joined" }
        let went = presence.left.map { "\(VisibleText($0.user).value) \(Self.words($0.reason))" }
        let changes = (came + went).joined(separator: ", ")
        return [.text(prefix(presence.room) + style.dimmed("-- \(changes) (\(here))"))]
    }

    private static func words(_ reason: Departure.Reason) -> String {
        switch reason {
        case .left: "left"
        case .lost: "lost the connection"
        case .nodeLost: "was on a node that was lost"
        case .kicked: "was removed"
        }
    }

    private func people(_ members: [Member], _ count: Int) -> String {
        let names = members.prefix(20).map { VisibleText($0.user).value }.joined(separator: ", ")
        return names.isEmpty ? "\(count) here" : "\(count) here: \(names)\(members.count > 20 ? ", …" : "")"
    }

    private func visible(_ message: OutgoingMessage) -> String { VisibleText(message.body).value }

    private func prefix(_ room: RoomName) -> String { namesRooms ? "#\(room) " : "" }
}

extension LineView {
    /// `connection lost: nobody listens there; try 2 in 3 s, 2 unsent, kept`.
    static func waiting(
        _ reason: String, until: NIODeadline, attempt: Int, now: NIODeadline, unsent: Int = 0
    ) -> String {
        let left = max(0, (until - now).nanoseconds)
        let seconds = (left + 999_999_999) / 1_000_000_000
        let kept = unsent > 0 ? ", \(unsent) unsent, kept" : ""
        return "not connected (\(reason)); try \(attempt + 1) in \(seconds) s\(kept)"
    }
}
