/// What a typed line asks for.
enum LineInput: Equatable, Sendable {
    case nothing
    case message(String)
    case join(String)
    /// The named room, or the current one.
    case leave(String?)
    case who(String?)
    case rooms
    /// Send again what may be stored already, or forget it.
    case resend
    case discard
    case help
    case quit
    case unknown(String)

    init(_ line: String) {
        let text = line.trimmingSuffixSpaces
        guard !text.isEmpty else {
            self = .nothing
            return
        }
        guard text.hasPrefix("/") else {
            self = .message(text)
            return
        }
        // Two slashes send a message that begins with one.
        if text.hasPrefix("//") {
            self = .message(String(text.dropFirst()))
            return
        }
        let words = text.dropFirst().split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? String(words[1]).trimmingSuffixSpaces : nil
        switch (words.first.map(String.init) ?? "", rest) {
        case ("join", let room?), ("j", let room?): self = .join(room.droppingHash)
        case ("leave", let room): self = .leave(room?.droppingHash)
        case ("who", let room): self = .who(room?.droppingHash)
        case ("me", let action?): self = .message("* \(action)")
        case ("rooms", nil): self = .rooms
        case ("resend", nil): self = .resend
        case ("discard", nil): self = .discard
        case ("help", _), ("?", _): self = .help
        case ("quit", _), ("q", _), ("exit", _): self = .quit
        default: self = .unknown(text)
        }
    }

    static let helpText = """
        /join ROOM    join a room, or talk in it from now on
        /leave [ROOM] leave a room
        /who [ROOM]   who is in a room
        /rooms        rooms with recent activity
        /resend       send again what may be stored already
        /discard      forget it
        /me TEXT      say what you do
        /quit         leave (so does the end of input)
        //TEXT        a message that begins with a slash
        """
}

extension String {
    fileprivate var droppingHash: String { hasPrefix("#") ? String(dropFirst()) : self }

    fileprivate var trimmingSuffixSpaces: String {
        var text = self[...]
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
