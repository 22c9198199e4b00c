/// The shared directory that uploads live on, as the little of a file system that the store needs.
///
/// Every call may block: it is made on a thread of the worker's pool, never on an event loop. Paths are relative and
/// made by ``Layout`` alone, from ids and hashes; nothing that a user wrote is ever part of one.
protocol Volume: Sendable {
    /// Makes a folder; one that is there is fine.
    func makeFolder(_ path: String) throws
    /// Opens a new file for reading and writing; `.exists` where there is one.
    func create(_ path: String) throws -> any VolumeFile
    func open(_ path: String, forWriting: Bool) throws -> any VolumeFile
    /// Replaces what is at `target`.
    func rename(_ path: String, to target: String) throws
    /// A second name for the same file; `.exists` where there is something at `target`.
    func link(_ path: String, to target: String) throws
    func remove(_ path: String) throws
    /// Only an empty folder is removed.
    func removeFolder(_ path: String) throws
    /// The names in a folder, in no order.
    func names(in folder: String) throws -> [String]
    /// nil where nothing is there.
    func facts(of path: String) throws -> FileFacts?
    /// Sets the modification time to now.
    func touch(_ path: String) throws
    /// Makes what was created, renamed or removed in the folder outlast a loss of power.
    func syncFolder(_ path: String) throws
    /// Bytes that may still be written.
    func freeBytes() throws -> Int
}

/// An open file of a ``Volume``. Closed when it is released.
protocol VolumeFile: Sendable {
    func facts() throws -> FileFacts
    /// Writes all of the bytes at a place of the file.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws
    /// Reads until the buffer is full or the file ends.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int
    /// Sets space aside without changing the size; does nothing where the file system cannot.
    func reserve(_ bytes: Int) throws
    /// Cuts the file behind so many bytes.
    func truncate(to bytes: Int) throws
    /// Tells the kernel to begin writing a part to the disk, so that ``sync()`` at the end is short.
    func beginWriteback(from offset: Int, bytes: Int)
    /// Makes the content outlast a loss of power.
    func sync() throws
    /// Takes the write permission away and sets the modification time to ``FileFacts/sealedTime``: whatever is written
    /// afterwards, through a descriptor that was open before, shows by the time.
    func seal() throws
}

/// What a file system says of a file.
struct FileFacts: Sendable, Equatable {
    /// The modification time of a sealed file, seconds since 1970: a moment long before this program.
    static let sealedTime = 1_000_000_000

    var size: Int
    /// Seconds since 1970, when the content changed last.
    var modified: Int
    /// Below the second of ``modified``.
    var modifiedNanoseconds: Int
    /// Names of the same file: the kernel's own reference count.
    var links: Int

    func hasTime(of other: FileFacts) -> Bool {
        modified == other.modified && modifiedNanoseconds == other.modifiedNanoseconds
    }

    var isSealed: Bool { modified == Self.sealedTime && modifiedNanoseconds == 0 }
}

/// What went wrong on the volume.
struct VolumeError: Error, Sendable, Equatable, CustomStringConvertible {
    enum Code: Sendable, Equatable {
        /// No space, or the quota is used up.
        case full
        case readOnly
        /// The directory is not what it was: unmounted, or its server is away.
        case gone
        case notFound
        case exists
        /// The device failed, or something that should not happen.
        case failed
    }

    var code: Code
    /// The call and the system's words, for logs.
    var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}

extension Volume {
    /// Writes a small file so that it is there whole or not at all, and outlasts a loss of power.
    func replace(_ path: String, with bytes: [UInt8], in folder: String) throws {
        let temporary = Layout.temporary(.random(in: .min ... .max))
        do {
            let file = try create(temporary)
            try bytes.withUnsafeBytes { try file.write($0, at: 0) }
            try file.sync()
            try rename(temporary, to: path)
        } catch {
            try? remove(temporary)
            throw error
        }
        try syncFolder(folder)
    }

    /// A small file as a whole; nil where there is none.
    func contents(of path: String, bytesMax: Int) throws -> [UInt8]? {
        try unless(.notFound) {
            let file = try open(path, forWriting: false)
            let size = min(try file.facts().size, bytesMax)
            var bytes = [UInt8](repeating: 0, count: size)
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
            return Array(bytes.prefix(count))
        }
    }

    /// Removes a file that may be gone already.
    func removeIfThere(_ path: String) throws {
        _ = try unless(.notFound) { try remove(path) }
    }
}

/// What `body` returns, or nil where the volume said one of `codes`: what others did at the same moment.
func unless<Value>(_ codes: VolumeError.Code..., do body: () throws -> Value) throws -> Value? {
    do {
        return try body()
    } catch let error as VolumeError where codes.contains(error.code) {
        return nil
    }
}
