import ChatWire
import Foundation

/// One line of the outbox's file: a checksum, a space, JSON and a newline.
///
/// The newline ends the record and JSON has none inside, so a file cut anywhere loses at most the line that was
/// being written; the checksum finds a line that a crash left damaged.
enum OutboxRecord: Equatable {
    case added(OutgoingMessage)
    /// The message with this key has left the outbox.
    case settled(key: String)

    var line: [UInt8] {
        let raw: Raw
        switch self {
        case .added(let message): raw = Raw(key: message.key, room: message.room.value, body: message.body)
        case .settled(let key): raw = Raw(key: key)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A struct of three strings always encodes.
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
            self = .added(OutgoingMessage(room: room, key: raw.key, body: body))
        } else {
            self = .settled(key: raw.key)
        }
    }

    private struct Raw: Codable {
        var key: String
        var room: String?
        var body: String?
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
