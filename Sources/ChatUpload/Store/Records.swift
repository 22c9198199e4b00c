import ChatBroker
import ChatWire
import FoundationEssentials

/// What a resumable upload was created with; written once, before its first byte.
struct UploadRecord: Codable, Sendable, Equatable {
    var room: String
    var user: String
    /// The name was merely claimed: whoever knows the id may go on.
    var isGuest: Bool
    var name: String
    /// Bytes of the whole file; nil until the client says.
    var bytes: Int?
    /// What the client says that the whole file hashes to.
    var sha256: String?
    /// Milliseconds since 1970, the worker's clock.
    var created: UInt64
    /// Bytes that were counted for the user's day.
    var reserved = 0
    /// A guest's address, as ``UploadOwner`` has it.
    var address: String?

    var owner: UploadOwner { UploadOwner(user: user, address: address, reserved: reserved) }
}

/// Whose limits an upload counts for, so that whoever ends it can give them back. Written beside the bytes of an upload that
/// has no other record.
struct UploadOwner: Codable, Sendable, Equatable {
    var user: String
    /// The address of a guest; nil for a user with a token.
    var address: String?
    /// Bytes that were counted for the day.
    var reserved = 0

    /// nil where the name is none.
    var account: UploadAccount? {
        guard let user = try? UserName(user) else { return nil }
        return address.map { UploadAccount(guest: user, at: $0) } ?? UploadAccount(user)
    }
}

/// A file whose bytes are safe: the content of a commit and of a finished record.
struct StoredFile: Codable, Sendable, Equatable {
    var id: String
    var room: String
    var user: String
    var isGuest: Bool
    var name: String
    var bytes: Int
    var sha256: String
    var mediaType: String
    /// Milliseconds since 1970, the worker's clock.
    var created: UInt64
}

extension StoredFile {
    /// The line that the room is told. The key is the upload's id, so it enters the room once whoever tells it.
    var line: FileLine {
        FileLine(id: id, name: name, bytes: bytes, mediaType: mediaType, sha256: sha256, user: user, key: id)
    }
}

/// How records are written on the volume.
enum RecordFile {
    /// Bytes of a record: names are at most 255 bytes, and six bytes each in the worst JSON.
    static let bytesMax = 16 * 1024

    static func encode(_ record: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(record))
        } catch {
            throw VolumeError(.failed, "a record cannot be encoded: \(error)")
        }
    }

    static func decode<Record: Decodable>(_ type: Record.Type, _ bytes: [UInt8]) throws -> Record {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw VolumeError(.failed, "a record is damaged: \(error)")
        }
    }
}
