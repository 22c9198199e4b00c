import ChatWire
import NIOCore
import TerminalUI

/// The input line. Nothing that is typed is lost: what cannot be sent stays in it.
extension ChatModel {
    /// Gives the key to the editor.
    mutating func edit(_ key: Key) {
        if isReconnectKey(key) { return }
        if let until = ledger.heldLetterUntil {
            ledger.heldLetterUntil = nil
            if until > now, editor.isEmpty, case .character = key.code, key.modifiers.isEmpty { editor.insert("r") }
        }
        let before = editor.changes
        switch editor.handle(key) {
        case .submit(let text): submit(text)
        case .handled: if editor.changes != before { edited() }
        case .ignored: break
        }
    }

    /// `r` on an empty line ends the wait for the next try. Perhaps it begins a word: the letter is held, and typed when
    /// another one follows at once.
    private mutating func isReconnectKey(_ key: Key) -> Bool {
        guard case .offline(let reason, _, let attempt, let since) = connection, editor.isEmpty,
            key == Key(.character("r")), editor.reverseSearch == nil, !ledger.isGivingUpName
        else { return false }
        ledger.heldLetterUntil = now + ScreenLimits.heldLetterFor
        connection = .offline(reason: reason, retryAt: now, attempt: attempt, since: since)
        ask(.reconnect)
        return true
    }

    /// The text changed: others see that this user types, and a draft is kept.
    mutating func edited() {
        ledger.unsavedDraft = current
        if ledger.draftSavedAt == nil { ledger.draftSavedAt = now }
        guard sharesTyping, let current, rooms[current]?.membership == .joined, case .online = connection,
            !editor.isEmpty, !editor.text.hasPrefix("/"), !ledger.isGivingUpName
        else { return }
        if let said = ledger.typingSaidAt[current], now - said < ScreenLimits.typingSaidEvery { return }
        ledger.typingSaidAt[current] = now
        ask(.typing(current))
    }

    /// Enter. The editor is empty by now; what is not done comes back into it.
    private mutating func submit(_ typed: String) {
        guard !typed.isEmpty else { return }
        if ledger.isGivingUpName { return keepLine(typed) }
        if typed.hasPrefix("/"), !typed.hasPrefix("//"), !typed.hasPrefix("/me ") {
            guard obey(typed) else { return editor.set(typed) }
        } else {
            guard speak(typed) else { return editor.set(typed) }
        }
        ask(.saveInput(typed))
        edited()
        saveDraft()
    }

    /// Enter while the name is being given up. The user means the next name, which nobody has let in yet, and sees this one:
    /// sent under neither, the line goes along and is sent by an Enter that comes when the name is there. What is typed
    /// meanwhile is a line of its own.
    private mutating func keepLine(_ typed: String) {
        editor.set(typed.hasSuffix("\n") ? typed : typed + "\n")
        edited()
        inform("not sent yet: you are giving up the name \(user)")
    }

    /// Sends a message to the current room.
    /// - Returns: false where it cannot be sent; the hint says why.
    mutating func speak(_ typed: String) -> Bool {
        guard let current, let room = rooms[current] else {
            warn("no room yet: /join ROOM")
            return false
        }
        if ledger.isOnTrial {
            warn("not sent: \(user) is not let in yet")
            return false
        }
        if case .refused(let reason) = room.membership {
            warn("\(called(current)) is not joined: \(reason)")
            return false
        }
        guard let body = body(of: typed.hasPrefix("//") ? String(typed.dropFirst()) : typed) else { return false }
        rooms[current]?.newSince = nil
        scrollToBottom()
        send(body, to: current)
        ledger.typingSaidAt[current] = nil
        return true
    }

    /// The text as it is sent, without what a server refuses; nil where nothing is left or it is too long.
    mutating func body(of typed: String) -> String? {
        var text = OutgoingText.clean(typed)[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        guard !text.isEmpty else {
            warn("nothing to send")
            return nil
        }
        let excess = text.utf8.count - ledger.bodyBytesMax
        guard excess <= 0 else {
            warn("\(excess) bytes too long for a message: shorten it, or send it as a file")
            return nil
        }
        return String(text)
    }

    /// $EDITOR ended.
    mutating func edited(_ text: String?) {
        ask(.redraw)
        guard let text else { return warn("the editor failed; the text is as it was") }
        var kept = text[...]
        while kept.last?.isNewline == true { kept.removeLast() }
        editor.set(String(kept))
        edited()
    }
}

/// What is typed and not sent, for each room.
extension ChatModel {
    mutating func saveDraftIfDue() {
        guard ledger.unsavedDraft != nil, let saved = ledger.draftSavedAt, now - saved >= ScreenLimits.draftEvery else {
            return
        }
        saveDraft()
    }

    mutating func saveDraft() {
        guard let name = ledger.unsavedDraft else { return }
        ledger.unsavedDraft = nil
        ledger.draftSavedAt = now
        ask(.saveDraft(name, name == current ? editor.text : rooms[name]?.draft ?? ""))
    }

    /// Puts the input line away with its room, and takes the other room's out.
    mutating func changeDraft(to name: RoomName?) {
        if let current, rooms[current] != nil {
            saveDraft()
            let draft = editor.text
            rooms[current]?.draft = draft
        }
        completion = nil
        let draft = name.flatMap { rooms[$0]?.draft } ?? ""
        // What was typed without a room goes with the user; Up finds the draft then.
        if current == nil, !editor.isEmpty {
            _ = editor.history.add(draft)
        } else {
            editor.set(draft)
        }
    }
}
