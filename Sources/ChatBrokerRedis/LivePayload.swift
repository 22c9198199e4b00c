import ChatBroker
import ChatWire
import NIOCore

/// What travels on a room's `live` channel (docs/redis-keyspace.md, "Payloads"): a letter for the kind, the version 1,
/// then the rest. The scripts write `E1`, `P1`, `S1` and `R1`; a node that meets another version is older than the writer.
enum LivePayload {
    static func typing(_ user: UserName, session: SessionID) -> ByteBuffer {
        ByteBuffer(string: "T1\(session) \(user)")
    }

    /// Everything that the payload says, in order; nil where it is not a payload of a known version, whole and valid.
    static func events(in payload: ByteBuffer) -> [RoomDelivery.Event]? {
        var scanner = PayloadScanner(payload)
        let kind = scanner.byte()
        guard scanner.byte() == UInt8(ascii: "1") else { return nil }
        switch kind {
        case UInt8(ascii: "E"): return entries(&scanner)
        case UInt8(ascii: "P"): return presence(&scanner).map { [.presence($0)] }
        case UInt8(ascii: "T"): return typing(&scanner).map { [$0] }
        case UInt8(ascii: "S"): return topic(&scanner).map { [$0] }
        case UInt8(ascii: "R"): return read(&scanner).map { [$0] }
        default: return nil
        }
    }

    private static func entries(_ scanner: inout PayloadScanner) -> [RoomDelivery.Event]? {
        var events: [RoomDelivery.Event] = []
        while let letter = scanner.byte() {
            guard let kind = Entry.Kind(letter: letter), let id = scanner.position(), let previous = scanner.position(),
                let count = scanner.number(), count <= UInt64(Int32.max), let tail = scanner.bytes(Int(count))
            else { return nil }
            events.append(.entry(Entry(kind: kind, id: id, previous: previous, tail: tail)))
        }
        return events
    }

    private static func typing(_ scanner: inout PayloadScanner) -> RoomDelivery.Event? {
        guard let session = scanner.word().flatMap({ SessionID($0) }),
            let user = scanner.word(endingWith: nil).flatMap({ try? UserName($0) })
        else { return nil }
        return .typing(user, session)
    }

    private static func topic(_ scanner: inout PayloadScanner) -> RoomDelivery.Event? {
        guard let time = scanner.number(), let session = scanner.word().flatMap({ SessionID($0) }),
            let user = scanner.word().flatMap({ try? UserName($0) }), let text = scanner.word(endingWith: nil),
            text.utf8.count <= Limits.topicBytesMax
        else { return nil }
        return .topic(Topic(text: text, user: user.value, time: time), session)
    }

    private static func read(_ scanner: inout PayloadScanner) -> RoomDelivery.Event? {
        guard let position = scanner.position(), let session = scanner.word().flatMap({ SessionID($0) }),
            let principal = scanner.word(endingWith: nil).flatMap({ Principal($0) })
        else { return nil }
        return .read(ReadMark(principal: principal, session: session, position: position))
    }

    private static func presence(_ scanner: inout PayloadScanner) -> PresenceChange? {
        var change = PresenceChange()
        while let kind = scanner.byte() {
            guard let node = scanner.word().flatMap({ NodeID($0) }),
                let session = scanner.word().flatMap({ SessionID($0) }),
                let since = scanner.number()
            else { return nil }
            let detail = kind == UInt8(ascii: "j") ? "" : scanner.word()
            guard let detail, let user = scanner.word(endingWith: UInt8(ascii: "\n")).flatMap({ try? UserName($0) })
            else {
                return nil
            }
            let occupant = Occupant(session: session, user: user, node: node, since: since)
            guard change.append(kind, occupant, detail: detail) else { return nil }
        }
        return change
    }
}

extension PresenceChange {
    fileprivate mutating func append(_ kind: UInt8, _ occupant: Occupant, detail: String) -> Bool {
        switch kind {
        case UInt8(ascii: "j"):
            joined.append(occupant)
        case UInt8(ascii: "l"):
            guard let reason = Departure.Reason(rawValue: detail) else { return false }
            left.append(Left(occupant: occupant, reason: reason))
        case UInt8(ascii: "m"):
            guard let from = NodeID(detail) else { return false }
            moved.append(Moved(occupant: occupant, from: from))
        default:
            return false
        }
        return true
    }
}

extension Entry.Kind {
    /// The letter of the kind: in payloads, and the name of the tail's field in the stream.
    var letter: String {
        switch self {
        case .message: "m"
        case .file: "f"
        // Clients only; nothing reads it back.
        case .unreadable: "?"
        }
    }

    init?(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "m"): self = .message
        case UInt8(ascii: "f"): self = .file
        default: return nil
        }
    }
}
