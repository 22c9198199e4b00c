import ChatWire
import NIOCore

/// Calls for somebody who does not look.
extension ChatModel {
    /// Only for what comes while the room is live or was missed, from others, in rooms that nobody watches; a burst calls
    /// once. The driver filters the texts.
    mutating func notify(_ line: LogLine, in name: RoomName) {
        guard let room = rooms[name], room.notes.hasCaughtUp, !room.isMuted, !(hasFocus && name == current),
            let author = author(of: line), author != user, !ignored.contains(author)
        else { return }
        if let marker = room.readMarker, case .entry(let id) = line.id, id <= marker { return }
        let isForMe = line.mentionsMe || room.kind != .room
        switch room.notify {
        case .none: return
        case .mentions: guard isForMe else { return }
        case .all: break
        }
        if let last = ledger.notifiedAt, now - last < ScreenLimits.notifyEvery { return }
        ledger.notifiedAt = now
        let title = room.kind == .room ? "\(author) in #\(name)" : room.sign + author
        ask(.notify(title: title, body: String(summary(of: line).prefix(ScreenLimits.notifyCharactersMax))))
        if isForMe, ledger.rings { ask(.bell) }
    }

    private func summary(of line: LogLine) -> String {
        switch line.content {
        case .message(let user, let body, let isAction): isAction ? "\(user) \(body)" : body
        case .file(let file): file.name
        case .presence(let text), .notice(let text): text
        case .gap, .caughtUp, .connectionLost, .local: ""
        }
    }
}
