import Foundation

/// A file that this process has for itself: opened, locked, and still the one that its name leads to.
struct LockedFile: ~Copyable {
    let descriptor: CInt
    let path: String

    /// - Parameter creates: whether a file that is not there is made, mode 0600.
    /// - Returns: nil where another process has it, or where it is not there.
    /// - Throws: ``OutboxError``, also where it is no regular file.
    static func open(_ path: String, creates: Bool) throws -> LockedFile? {
        for _ in 0..<triesMax {
            guard FileKind(path: path).isReplaceable else {
                throw OutboxError(message: "\(path) is no regular file.")
            }
            let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (creates ? O_CREAT : 0), 0o600)
            if descriptor < 0, errno == ENOENT, !creates { return nil }
            guard descriptor >= 0 else { throw OutboxError("open", path) }
            let file = LockedFile(descriptor: descriptor, path: path)
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
            // Its owner may have put a new file in its place since it was opened: a lock on the old one guards nothing.
            if file.isCurrent { return file }
        }
        return nil
    }

    /// Writes a new file, which takes the name at once: whoever looks finds the old content or the new one.
    /// - Throws: ``OutboxError``; then nothing of the new file is left.
    static func replacing(_ path: String, with data: [UInt8], isDurable: Bool) throws -> LockedFile {
        let fresh = path + ".new"
        guard FileKind(path: path).isReplaceable, FileKind(path: fresh).isReplaceable else {
            throw OutboxError(message: "\(path) or \(fresh) is no regular file.")
        }
        let descriptor = Glibc.open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw OutboxError("open", fresh) }
        let next = LockedFile(descriptor: descriptor, path: path)
        do {
            try next.write(data, at: 0)
            // Locked before it has the name: nobody gets in between.
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, !isDurable || fsync(descriptor) == 0,
                rename(fresh, path) == 0
            else { throw OutboxError("replace", path) }
        } catch {
            unlink(fresh)
            throw error
        }
        return next
    }

    private init(descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    var isCurrent: Bool {
        var (mine, named) = (stat(), stat())
        return fstat(descriptor, &mine) == 0 && stat(path, &named) == 0 && mine.st_ino == named.st_ino
            && mine.st_dev == named.st_dev
    }

    /// Replacements met in a row before the file counts as another's.
    private static let triesMax = 8
}

/// Whole reads and writes at a place; the descriptor's own place is not used.
extension LockedFile {
    func write(_ data: [UInt8], at offset: Int) throws {
        var written = 0
        while written < data.count {
            let count = data[written...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutboxError("write", path) }
            written += count
        }
    }

    func readAll() throws -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while content.count <= Self.bytesMax {
            let count = pread(descriptor, &chunk, chunk.count, off_t(content.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw OutboxError("read", path) }
            if count == 0 { return content }
            content += chunk[..<count]
        }
        throw OutboxError(message: "\(path) is too large for an outbox; move it away.")
    }

    func truncate(to bytes: Int) throws {
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw OutboxError("truncate", path) }
    }

    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw OutboxError("sync", path) }
    }

    /// Bytes read back at most: far above a full outbox of the longest bodies.
    private static let bytesMax = 128 << 20
}
