import ChatWire
import NIOCore
import TerminalUI

/// Which key does what. The screen's own keys come first; none of them is one of the editor's. The overlays take all keys
/// while they are open.
extension ChatModel {
    mutating func pressed(_ key: Key) {
        if key != .control("c"), key != .control("d") { leaveAskedAt = nil }
        hint = nil
        // The same hint again is shown as long as a new one.
        (ledger.timedHint, ledger.hintUntil) = (nil, nil)
        if let prefix = pendingPrefix {
            pendingPrefix = nil
            if prefix == .control("x") { return pressedAfterControlX(key) }
        }
        if editor.reverseSearch == nil {
            if pressedInOverlay(key) || pressedCompletion(key) || pressedScreenKey(key) { return }
        }
        edit(key)
    }

    private mutating func pressedAfterControlX(_ key: Key) {
        switch key {
        case Key(.character("c")), .control("c"): cancelNewestTransfer()
        case Key(.character("e")), .control("e"):
            // Its text would come to a screen that is gone.
            if ledger.isGivingUpName { return warn("no editor now: you are giving up the name \(user)") }
            ask(.edit(editor.text))
        default: inform("Ctrl-X C cancels the transfer, Ctrl-X E opens the editor")
        }
    }

    /// - Returns: false where it is none of the screen's keys.
    private mutating func pressedScreenKey(_ key: Key) -> Bool {
        switch key {
        case .control("c"): interrupted()
        case .control("d"):
            guard editor.isEmpty else { return false }
            askToLeave()
        case .control("x"): pendingPrefix = key
        case .control("l"): ask(.redraw)
        case .control("z"): ask(.suspend)
        case .control("s"): openSearch()
        case .alt("k"): goTo("")
        case .alt("a"): goToNextMention()
        case .alt("l"): goToFirstUnread()
        case .alt("u"): startUpload()
        case Key(.up, .alt): showNeighbour(-1)
        case Key(.down, .alt): showNeighbour(1)
        case Key(.pageUp), Key(.pageUp, .alt), Key(.pageUp, .shift): scroll(pages: -1)
        case Key(.pageDown), Key(.pageDown, .alt), Key(.pageDown, .shift): scroll(pages: 1)
        case Key(.up, .shift): scroll(rows: -1)
        case Key(.down, .shift): scroll(rows: 1)
        case Key(.home, .alt): scrollToTop()
        case Key(.end, .alt): scrollToBottom()
        case Key(.function(1)): overlay = .help(scroll: 0)
        case Key(.function(7)):
            showsRooms.toggle()
            ask(.saveSettings)
        case Key(.function(8)):
            showsMembers.toggle()
            ask(.saveSettings)
        case Key(.escape):
            // Where it has nothing to close it leads back to what is new.
            if editor.isEmpty { scrollToBottom() }
        default: return pressedNumber(key)
        }
        return true
    }

    /// Alt-1 to Alt-9.
    private mutating func pressedNumber(_ key: Key) -> Bool {
        guard key.modifiers == .alt, case .character(let character) = key.code, character.isASCII,
            let number = character.wholeNumberValue, number >= 1
        else { return false }
        if order.indices.contains(number - 1) { show(order[number - 1]) } else { inform("there is no room \(number)") }
        return true
    }

    private mutating func showNeighbour(_ step: Int) {
        guard !order.isEmpty else { return }
        let index = current.flatMap { order.firstIndex(of: $0) } ?? 0
        show(order[(index + step + order.count) % order.count])
    }

    private mutating func startUpload() {
        editor.insert("/upload ")
        edited()
    }

    /// Ctrl-C clears the line; what was typed can be had back with Up.
    private mutating func interrupted() {
        guard editor.isEmpty else {
            if editor.history.add(editor.text) { ask(.saveInput(editor.text)) }
            editor.set("")
            leaveAskedAt = nil
            return edited()
        }
        askToLeave()
    }

    /// Ctrl-C on an empty line, and Ctrl-D there: the second one leaves.
    private mutating func askToLeave() {
        if let asked = leaveAskedAt, now - asked < ScreenLimits.leaveWithin { return quit() }
        leaveAskedAt = now
        inform("once more to leave\(whatStays)")
    }

    /// What leaving leaves behind.
    var whatStays: String {
        let running = transfers.count { $0.endedAt == nil }
        var parts: [String] = []
        if unsent() > 0 { parts.append("\(unsent()) unsent, kept for the next time") }
        if running > 0 { parts.append("\(running) of your transfers will stop") }
        return parts.isEmpty ? "" : "; " + parts.joined(separator: ", ")
    }

    mutating func quit() {
        saveDraft()
        ask(.quit)
    }
}
