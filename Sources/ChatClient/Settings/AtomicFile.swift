import Foundation

/// Small private files, replaced as a whole: a reader, and a run after a crash at any point, finds the old content or
/// the new one, never a part.
enum AtomicFile {
    /// - Parameter isDurable: it also outlives a crash of the machine; without, only one of this process.
    /// - Throws: ``StateError``; the old content stays. Also where something is there that is no regular file: root would
    ///   put a file in the place of a device.
    static func write(_ data: [UInt8], to path: String, isDurable: Bool = true) throws {
        // A link leads to where the user keeps the file: that one is replaced, not the link.
        let target = resolved(path)
        guard FileKind(path: target).isReplaceable else { throw StateError.noRegularFile(path) }
        let fresh = "\(target).new.\(getpid())"
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        var descriptor = open(fresh, flags, 0o600)
        // All but the first time the folder is there.
        if descriptor < 0, errno == ENOENT {
            try makeFolder(of: path)
            descriptor = open(fresh, flags, 0o600)
        }
        guard descriptor >= 0 else { throw StateError("open", fresh) }
        defer { close(descriptor) }
        do {
            fchmod(descriptor, 0o600)
            try writeAll(data, to: descriptor, fresh)
            if isDurable, fsync(descriptor) != 0 { throw StateError("sync", fresh) }
            guard rename(fresh, target) == 0 else { throw StateError("replace", target) }
        } catch {
            unlink(fresh)
            throw error
        }
        if isDurable { syncFolder(of: target) }
    }

    /// - Returns: nil where there is no file.
    /// - Throws: ``StateError``, also where it is longer than `bytesMax`.
    static func read(_ path: String, bytesMax: Int) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT || errno == ENOTDIR { return nil }
        guard descriptor >= 0 else { throw StateError("open", path) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let data: Data?
        do { data = try file.read(upToCount: bytesMax + 1) } catch { throw StateError("read", path) }
        guard (data?.count ?? 0) <= bytesMax else {
            throw StateError(message: "\(path) is longer than \(bytesMax) bytes; move it away.")
        }
        return data.map(Array.init) ?? []
    }

    /// Mode 0700 where it is not there yet.
    static func makeFolder(of path: String) throws {
        let folder = PathParts(path).folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StateError(message: "Cannot make the folder \(folder): \(error.localizedDescription)")
        }
    }

    private static func writeAll(_ data: [UInt8], to descriptor: CInt, _ path: String) throws {
        var rest = data[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StateError("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// The new name is in the folder, which is a file of its own to the disk.
    private static func syncFolder(of path: String) {
        let descriptor = open(PathParts(path).folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}

/// What a path leads to, links followed.
enum FileKind: Equatable, Sendable {
    case none, regular, folder
    /// A device, a pipe, a socket.
    case special

    /// Nothing is opened for it: that alone may change what a device does.
    init(path: String) {
        var status = stat()
        self = stat(path, &status) == 0 ? Self(mode: status.st_mode) : .none
    }

    init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .folder
        default: self = .special
        }
    }

    /// Whether a new file may take the name.
    var isReplaceable: Bool { self == .none || self == .regular }
}

/// Why a file of the state folder cannot be used.
struct StateError: Error, Equatable, CustomStringConvertible {
    var message: String

    init(message: String) { self.message = message }

    /// From `errno`.
    init(_ verb: String, _ path: String) {
        message = "Cannot \(verb) \(path): \(String(cString: strerror(errno)))."
    }

    static func noRegularFile(_ path: String) -> StateError {
        StateError(message: "\(path) is no regular file.")
    }

    var description: String { message }
}
