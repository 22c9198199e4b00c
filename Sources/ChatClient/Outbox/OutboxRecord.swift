import ChatWire
import Foundation

/// One line of the outbox's file: a checksum, a space, JSON and a newline.
///
/// The newline ends the record and JSON has none inside, so a file cut anywhere loses at most the line that was
/// being written; the checksum finds a line that a crash left damaged.
enum OutboxRecord: Equatable {
    /// A message with a key that is there already takes the earlier one's place.
    case added(KeptMessage)
    /// The message with this key is about to be sent for the first time.
    case placed(key: String, Place, time: UInt64)
    /// The message with this key has left the outbox.
    case settled(key: String)

    var line: [UInt8] {
        var raw: Raw
        switch self {
        case .added(let kept):
            raw = Raw(key: kept.message.key, time: kept.time)
            raw.room = kept.message.room.value
            raw.body = kept.message.body
            raw.place = kept.place
        case .placed(let key, let place, let time):
            raw = Raw(key: key, time: time)
            raw.place = place
        case .settled(let key):
            raw = Raw(key: key)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A struct of strings and a number always encodes.
        let json = (try? encoder.encode(raw)).map { [UInt8]($0) } ?? []
        return Self.checksum(json) + [UInt8(ascii: " ")] + json + [UInt8(ascii: "\n")]
    }

    /// - Parameter line: without its newline.
    init?(line: some Collection<UInt8>) {
        let json = Array(line.dropFirst(9))
        guard line.prefix(9).elementsEqual(Self.checksum(json) + [UInt8(ascii: " ")]),
            let raw = try? JSONDecoder().decode(Raw.self, from: Data(json))
        else { return nil }
        if let room = raw.room, let body = raw.body {
            guard let room = try? RoomName(room) else { return nil }
            let message = OutgoingMessage(room: room, key: raw.key, body: body)
            self = .added(KeptMessage(message: message, time: raw.time ?? 0, place: raw.place))
        } else if let place = raw.place {
            self = .placed(key: raw.key, place, time: raw.time ?? 0)
        } else {
            self = .settled(key: raw.key)
        }
    }

    private struct Raw: Codable {
        var key: String
        var time: UInt64?
        var room: String?
        var body: String?
        var after: String?
        var user: String?

        init(key: String, time: UInt64? = nil) {
            self.key = key
            self.time = time
        }

        var place: Place? {
            get {
                guard let after = after.flatMap(Position.init), let user else { return nil }
                return Place(after: after, user: user)
            }
            set {
                after = newValue?.after.description
                user = newValue?.user
            }
        }
    }

    /// Eight hexadecimal digits of the CRC-32 of IEEE 802.3.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var remainder: UInt32 = .max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 { remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0xedb8_8320 : 0) }
        }
        let digits = Array(String(~remainder, radix: 16).utf8)
        return [UInt8](repeating: UInt8(ascii: "0"), count: 8 - digits.count) + digits
    }
}

extension [KeptMessage] {
    /// What waits after one more record.
    mutating func apply(_ record: OutboxRecord) {
        switch record {
        case .added(let kept):
            removeAll { $0.message.key == kept.message.key }
            append(kept)
        case .placed(let key, let place, let time):
            guard let index = firstIndex(where: { $0.message.key == key }) else { return }
            self[index].place = place
            self[index].time = time
        case .settled(let key):
            removeAll { $0.message.key == key }
        }
    }
}
