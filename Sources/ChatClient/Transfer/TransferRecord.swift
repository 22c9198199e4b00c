import Crypto
import Foundation
import NIOCore

/// Where an upload was begun, on disk, so that the same command goes on after a restart.
///
/// One small file for each server, room and file (path, size and time of change: another content is another upload),
/// mode 0600, because the path of an upload is the right to go on with it. Locked while a process works on it.
final class TransferRecord: Sendable {
    /// What is uploaded where; also what the file's name is made from.
    struct Key: Sendable, Equatable, Codable {
        var server: String
        var room: String
        var user: String
        var file: SourceFile.Identity
    }

    private struct Content: Codable {
        var key: Key
        var upload: String
    }

    private let path: String
    private let key: Key
    private let descriptor: CInt
    /// The path of the upload at the server, where an earlier run left one.
    let upload: String?

    /// Nil where there is no place for it or another process is at it: then the upload is not kept, and that is all.
    init?(_ key: Key, folder: String?) {
        guard let folder = folder.map({ StateFolder(path: $0).transfers }),
            (try? FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])) != nil
        else { return nil }
        Self.removeOld(in: folder)
        path = "\(folder)/\(Self.name(of: key)).json"
        self.key = key
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        upload = Self.read(descriptor, key: key)
    }

    deinit { close(descriptor) }

    /// When this returns a restarted client finds the upload.
    func save(upload: String) {
        guard let data = try? JSONEncoder().encode(Content(key: key, upload: upload)) else { return }
        // A record that cannot be written costs a new start at worst; the upload itself goes on.
        _ = data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        ftruncate(descriptor, off_t(data.count))
        fsync(descriptor)
    }

    func remove() { unlink(path) }

    private static func name(of key: Key) -> String {
        let text = [key.server, key.room, key.user, key.file.path, "\(key.file.bytes)", "\(key.file.modified)"]
            .joined(separator: "\0")
        return SHA256.hash(data: Data(text.utf8)).prefix(16).hex
    }

    /// Nil for a record that is half written, or somebody else's.
    private static func read(_ descriptor: CInt, key: Key) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16 * 1024)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0, let content = try? JSONDecoder().decode(Content.self, from: Data(bytes[..<count])),
            content.key == key
        else { return nil }
        return content.upload
    }

    private static func removeOld(in folder: String) {
        let now = Int64(Date().timeIntervalSince1970)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".json") {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard stat(path, &status) == 0 else { continue }
            if now - Int64(status.st_mtim.tv_sec) > TransferLimits.recordSecondsMax { unlink(path) }
        }
    }
}
