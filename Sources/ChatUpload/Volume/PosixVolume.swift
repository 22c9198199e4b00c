import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// ``Volume`` over a directory.
struct PosixVolume: Volume {
    let root: String

    init(root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    private func absolute(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }

    func makeFolder(_ path: String) throws {
        guard mkdir(absolute(path), 0o750) != 0, errno != EEXIST else { return }
        throw VolumeError.last("mkdir \(path)")
    }

    func create(_ path: String) throws -> any VolumeFile {
        try openFile(path, O_RDWR | O_CREAT | O_EXCL)
    }

    func open(_ path: String, forWriting: Bool) throws -> any VolumeFile {
        try openFile(path, forWriting ? O_RDWR : O_RDONLY)
    }

    private func openFile(_ path: String, _ flags: Int32) throws -> PosixFile {
        let descriptor = retrying { systemOpen(absolute(path), flags | O_CLOEXEC | O_NOFOLLOW) }
        guard descriptor >= 0 else { throw VolumeError.last("open \(path)") }
        return PosixFile(descriptor, path: path)
    }

    func rename(_ path: String, to target: String) throws {
        guard systemRename(absolute(path), absolute(target)) == 0 else { throw VolumeError.last("rename \(path)") }
    }

    func link(_ path: String, to target: String) throws {
        guard systemLink(absolute(path), absolute(target)) == 0 else { throw VolumeError.last("link \(path)") }
    }

    func remove(_ path: String) throws {
        guard unlink(absolute(path)) == 0 else { throw VolumeError.last("unlink \(path)") }
    }

    func removeFolder(_ path: String) throws {
        guard rmdir(absolute(path)) == 0 else { throw VolumeError.last("rmdir \(path)") }
    }

    func names(in folder: String) throws -> [String] {
        guard let stream = opendir(absolute(folder)) else { throw VolumeError.last("opendir \(folder)") }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw VolumeError.last("readdir \(folder)") }
        return names
    }

    func facts(of path: String) throws -> FileFacts? {
        var facts = termchat_file_facts()
        guard termchat_path_facts(absolute(path), &facts) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw VolumeError.last("stat \(path)") }
            return nil
        }
        return FileFacts(facts)
    }

    func touch(_ path: String) throws {
        guard utimensat(AT_FDCWD, absolute(path), nil, 0) == 0 else { throw VolumeError.last("utimensat \(path)") }
    }

    func syncFolder(_ path: String) throws {
        let descriptor = retrying { systemOpen(absolute(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw VolumeError.last("open \(path)") }
        defer { close(descriptor) }
        guard retrying({ fsync(descriptor) }) == 0 else { throw VolumeError.last("fsync \(path)") }
    }

    func freeBytes() throws -> Int {
        var status = statvfs()
        guard statvfs(root, &status) == 0 else { throw VolumeError.last("statvfs") }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? Int.max : Int(clamping: bytes)
    }
}

/// A descriptor of its own, closed with the object.
private final class PosixFile: VolumeFile {
    private let descriptor: Int32
    private let path: String

    init(_ descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func facts() throws -> FileFacts {
        var facts = termchat_file_facts()
        guard termchat_descriptor_facts(descriptor, &facts) == 0 else { throw VolumeError.last("fstat \(path)") }
        return FileFacts(facts)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw VolumeError.last("pwrite \(path)")
            }
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw VolumeError.last("pread \(path)")
            }
        }
        return done
    }

    func reserve(_ bytes: Int) throws {
        guard bytes > 0 else { return }
        guard retrying({ termchat_reserve(descriptor, Int64(bytes)) }) != 0 else { return }
        // Where space cannot be set aside, running out shows at a write.
        guard errno != EOPNOTSUPP, errno != ENOSYS, errno != EINVAL else { return }
        throw VolumeError.last("fallocate \(path)")
    }

    func truncate(to bytes: Int) throws {
        guard retrying({ ftruncate(descriptor, off_t(bytes)) }) == 0 else {
            throw VolumeError.last("ftruncate \(path)")
        }
    }

    func beginWriteback(from offset: Int, bytes: Int) {
        termchat_begin_writeback(descriptor, Int64(offset), Int64(bytes))
    }

    func sync() throws {
        guard retrying({ fsync(descriptor) }) == 0 else { throw VolumeError.last("fsync \(path)") }
    }

    func seal() throws {
        guard fchmod(descriptor, 0o440) == 0 else { throw VolumeError.last("fchmod \(path)") }
        guard termchat_set_modified(descriptor, Int64(FileFacts.sealedTime)) == 0 else {
            throw VolumeError.last("futimens \(path)")
        }
    }
}

extension FileFacts {
    fileprivate init(_ facts: termchat_file_facts) {
        self.init(
            size: Int(facts.size), modified: Int(facts.modified), modifiedNanoseconds: Int(facts.modified_nanoseconds),
            links: Int(facts.links))
    }
}

extension VolumeError {
    /// What `errno` says of the call that just failed.
    fileprivate static func last(_ call: String) -> VolumeError {
        let number = errno
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT, EFBIG: .full
            case EROFS, EACCES, EPERM: .readOnly
            case ENOENT: .notFound
            case EEXIST: .exists
            case ESTALE, ENOTCONN, ENODEV, ENXIO, ENOTDIR: .gone
            default: .failed
            }
        return VolumeError(code, "\(call): \(String(cString: strerror(number)))")
    }
}

/// Again where a signal came between.
private func retrying(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        guard result == -1, errno == EINTR else { return result }
    }
}

// The names of these calls are those of methods above.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o640) }
private func systemRename(_ path: String, _ target: String) -> Int32 { rename(path, target) }
private func systemLink(_ path: String, _ target: String) -> Int32 { link(path, target) }
