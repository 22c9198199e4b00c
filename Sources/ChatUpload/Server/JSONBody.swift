import ChatBroker
import ChatWire
import FoundationEssentials
import NIOCore

/// The bodies of answers, as docs/http-api.md has them.
enum JSONBody {
    private struct Problem: Encodable {
        struct Content: Encodable {
            var code: String
            var message: String
        }
        var error: Content
    }

    /// The answer to a finished upload.
    private struct Uploaded: Encodable {
        var file_id: String
        var filename: String
        var size: Int
        var sha256: String
        var media_type: String
        var url: String
        /// `uploaded`; `accepted` where the line is not in the room yet.
        var status: String
    }

    private struct Listed: Encodable {
        struct File: Encodable {
            var id: String
            var name: String
            var bytes: Int
            var media_type: String
            var sha256: String
            var user: String
            var ts: UInt64
            var url: String
        }
        var room: String
        var files: [File]
        var more: Bool
    }

    static func error(_ code: String, _ message: String) -> ByteBuffer {
        encode(Problem(error: .init(code: code, message: message)))
    }

    static func uploaded(_ file: StoredFile, status: String = "uploaded") -> ByteBuffer {
        encode(
            Uploaded(
                file_id: file.id, filename: file.name, size: file.bytes, sha256: file.sha256,
                media_type: file.mediaType, url: "/api/files/\(file.id)", status: status))
    }

    static func list(_ page: FilePage, of room: RoomName) -> ByteBuffer {
        let files = page.files.map { file in
            Listed.File(
                id: file.line.id, name: file.line.name, bytes: file.line.bytes, media_type: file.line.mediaType,
                sha256: file.line.sha256, user: file.line.user, ts: file.announced, url: "/api/files/\(file.line.id)")
        }
        return encode(Listed(room: room.value, files: files, more: page.more))
    }

    private static func encode(_ value: some Encodable) -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let bytes = (try? encoder.encode(value)).map { Array($0) } ?? Array("{}".utf8)
        return ByteBuffer(bytes: bytes + [UInt8(ascii: "\n")])
    }
}
