import ChatWire
import NIOCore
import TerminalUI

/// Rooms: entering, leaving, looking at one.
extension ChatModel {
    /// Looks at a room.
    mutating func show(_ name: RoomName) {
        guard rooms[name] != nil, name != current else { return }
        if let current { rooms[current]?.newSince = nil }
        changeDraft(to: name)
        current = name
        ledger.changesRooms = true
        ledger.shownMention = nil
        if let room = rooms[name], room.unread > 0 { rooms[name]?.newSince = room.readMarker }
        if rooms[name]?.membership == .offered {
            rooms[name]?.membership = .joining
            ask(.join(name))
        }
        fillView()
    }

    /// Enters a room, without looking at it.
    mutating func join(_ name: RoomName, kind: RoomModel.Kind = .room) {
        ledger.closedDirects.remove(name)
        ledger.changesRooms = true
        if let room = rooms[name] {
            switch room.membership {
            case .joining, .joined: return
            case .left, .refused, .offered: rooms[name]?.membership = .joining
            }
        } else {
            add(name, kind)
            // What was written there and is not stored yet.
            for message in ledger.unsettled where message.room == name {
                showWaiting(message)
                if ledger.undecided.contains(message.key) { refuse(message, "not sent; /resend or /discard") }
            }
        }
        ask(.join(name))
    }

    private mutating func add(_ name: RoomName, _ kind: RoomModel.Kind) {
        var room = RoomModel(name: name)
        room.kind = kind
        room.draft = ledger.drafts.removeValue(forKey: name) ?? ""
        room.isMuted = ledger.muted.contains(name)
        room.notify = ledger.notify[name] ?? (kind == .room ? ledger.notifyByDefault : .all)
        rooms[name] = room
        let firstDirect = order.firstIndex { rooms[$0]?.kind != .room }
        order.insert(name, at: kind == .room ? firstDirect ?? order.endIndex : order.endIndex)
    }

    mutating func leave(_ name: RoomName) {
        guard let index = order.firstIndex(of: name) else { return warn("you are not in \(called(name))") }
        ask(.leave(name))
        let kept = unsent(in: name)
        if name == current {
            changeDraft(to: nil)
            current = nil
            editor.set("")
        }
        if let draft = rooms[name]?.draft, !draft.isEmpty {
            ask(.saveDraft(name, draft))
            ledger.drafts[name] = draft
        }
        if rooms[name]?.kind != .room { ledger.closedDirects.insert(name) }
        ledger.changesRooms = true
        ledger.leftRooms.append(name)
        order.remove(at: index)
        rooms[name] = nil
        ledger.readToSend[name] = nil
        if current == nil, !order.isEmpty { show(order[min(index, order.count - 1)]) }
        if kept > 0 { inform("\(kept) unsent, kept; /join \(name) sends them") }
    }
}

/// What the next run begins with.
extension ChatModel {
    /// At once, so that a crash loses nothing of it.
    mutating func saveRooms() {
        guard ledger.changesRooms else { return }
        ledger.changesRooms = false
        var kept = KeptRooms()
        kept.joined = order.filter { name in
            guard let room = rooms[name], room.kind == .room, !name.isDirect else { return false }
            // Who may not enter is not to be told so each time.
            if case .refused = room.membership { return !room.notes.isShut }
            return true
        }
        // Who looks at a room of two last comes back to the room before it.
        kept.shown = [current, ledger.keptRooms.shown].compactMap(\.self).first { kept.joined.contains($0) }
        let left = (ledger.keptRooms.left + ledger.leftRooms).filter { rooms[$0] == nil && !$0.isDirect }
        for name in left where !kept.left.contains(name) { kept.left.append(name) }
        ledger.leftRooms = []
        guard kept != ledger.keptRooms else { return }
        ledger.keptRooms = kept
        ask(.saveRooms(kept))
    }
}

/// Rooms of two.
extension ChatModel {
    /// - Parameter user: with ``RoomModel/guestSign`` where the guest of that name is meant. Without it the server says
    ///   who is: somebody with a token, where it knows any.
    mutating func message(_ user: String, _ text: String?) -> Bool {
        let open =
            openDirect(with: user) ?? (ledger.everybodyIsGuest ? openDirect(with: RoomModel.guestSign + user) : nil)
        guard let open else {
            guard features.contains(ServerFeature.direct.rawValue) else {
                warn("this server has no direct rooms")
                return false
            }
            if let text {
                guard let body = body(of: text) else { return false }
                ledger.directTexts[user, default: []].append(body)
            } else {
                ledger.directTexts[user, default: []] += []
            }
            ask(.openDirect(user: user))
            return true
        }
        guard let text else {
            show(open)
            return true
        }
        guard let body = body(of: text) else { return false }
        show(open)
        send(body, to: open)
        return true
    }

    private func openDirect(with user: String) -> RoomName? {
        order.first { rooms[$0]?.partner == user }
    }

    /// - Parameter user: as it was asked for.
    mutating func directOpened(_ name: RoomName, with user: String, isGuest: Bool) {
        // The server knows the name as it was asked for, or in another case.
        let key =
            ledger.directTexts[user] != nil
            ? user : ledger.directTexts.keys.first { $0.lowercased() == user.lowercased() }
        let texts = key.flatMap { ledger.directTexts.removeValue(forKey: $0) }
        let sign = user.hasPrefix(RoomModel.guestSign) ? RoomModel.guestSign.count : 0
        join(name, kind: .direct(with: String(user.dropFirst(sign))))
        rooms[name]?.isWithGuest = isGuest
        if isGuest, sign == 0 { ledger.everybodyIsGuest = true }
        guard let texts else { return }
        show(name)
        for text in texts { send(text, to: name) }
    }

    /// What was to be said comes back into the input line, or at least into the log.
    mutating func directFailed(with user: String, _ reason: String) {
        let texts = ledger.directTexts.removeValue(forKey: user) ?? []
        for text in texts {
            if editor.isEmpty {
                editor.set("/msg \(user) \(text)")
            } else {
                say("not sent to \(VisibleText(user).value): \(VisibleText(text).value)")
            }
        }
        warn("no direct room with \(user): \(reason)")
    }

    /// The rooms of two that are there, also of others who wrote while this user was away. What was left stays left.
    mutating func received(directs: [DirectListing]) {
        for direct in directs where !ledger.closedDirects.contains(direct.room) {
            offered(direct.room, by: direct.user, isGuest: direct.isGuest)
        }
    }

    /// A room that was joined for what waited for it turns out to be one of two.
    private mutating func know(_ name: RoomName, with user: String) {
        guard rooms[name]?.kind == .room else { return }
        rooms[name]?.kind = .direct(with: user)
        let notify = ledger.notify[name] ?? .all
        rooms[name]?.notify = notify
        order.removeAll { $0 == name }
        order.append(name)
    }

    /// Somebody offers a room of two.
    mutating func offered(_ name: RoomName, by user: String, isGuest: Bool) {
        defer { rooms[name]?.isWithGuest = isGuest }
        guard rooms[name] == nil else { return know(name, with: user) }
        let directs = order.count { rooms[$0]?.kind != .room }
        // Ignored people, and more than are looked at, wait until the user opens the room.
        if ignored.contains(user) { return }
        if directs < ScreenLimits.directRoomsMax { return join(name, kind: .direct(with: user)) }
        add(name, .direct(with: user))
        rooms[name]?.membership = .offered
    }
}
