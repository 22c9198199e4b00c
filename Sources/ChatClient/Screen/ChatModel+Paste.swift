import ChatWire
import TerminalUI

/// What is pasted or dropped. It never sends by itself.
extension ChatModel {
    mutating func pasted(_ text: String) {
        hint = nil
        completion = nil
        let text = text.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        if pastedIntoOverlay(text) { return }
        let isLong =
            Self.lines(of: text).count > ScreenLimits.pasteLinesMax || text.utf8.count > ScreenLimits.pasteBytesMax
        // A question would go with the name that is given up, and its text with it.
        if isLong, !ledger.isGivingUpName {
            overlay = .paste(text)
            return
        }
        let isEmpty = editor.isEmpty
        guard insertWhole(text) else { return warn("the input line is full") }
        edited()
        guard isEmpty, let path = PastedPath.path(in: text) else { return }
        ledger.pastedPath = (path, text)
        ask(.checkPath(path))
    }

    /// A newline ends a line: none follows the last one.
    static func lines(of text: String) -> [Substring] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.count > 1 && lines.last?.isEmpty == true ? lines.dropLast() : lines
    }

    /// All of it or nothing: a part would pass for the whole.
    private mutating func insertWhole(_ text: String) -> Bool {
        var editor = editor
        guard editor.insert(text) else { return false }
        self.editor = editor
        return true
    }

    /// A pasted path of a file becomes the command that uploads it, as long as it is all there is in the line.
    mutating func received(_ path: String, exists: Bool) {
        guard let pasted = ledger.pastedPath, pasted.path == path else { return }
        ledger.pastedPath = nil
        guard exists, editor.text == pasted.text else { return }
        editor.set("/\(SlashCommand.upload.rawValue) \(path)")
        edited()
        inform("Enter uploads the file")
    }

    /// The keys of the question what becomes of a long paste.
    mutating func decidePaste(_ text: String, _ key: Key) {
        switch key {
        case Key(.character("s")), Key(.character("S")):
            guard speak(text) else { return }
            overlay = nil
        case Key(.character("f")), Key(.character("F")):
            guard let current else { return warn("no room yet: /join ROOM") }
            overlay = nil
            ask(.uploadText(text, current))
        case Key(.character("e")), Key(.character("E")):
            guard insertWhole(text) else { return warn("too long for the input line; f makes a file of it") }
            overlay = nil
            edited()
        case Key(.escape), .control("c"):
            overlay = nil
            inform("not pasted")
        default: inform("s sends it, f makes a file of it, e edits it, Esc forgets it")
        }
    }
}
