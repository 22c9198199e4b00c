import NIOConcurrencyHelpers

@testable import ChatUpload

/// A volume that fails as it is told: one error for everything that changes something, or a stop after so many changes, as
/// if the worker had been killed there.
final class FaultyVolume: Volume {
    static let stopped = VolumeError(.failed, "the worker was stopped")

    private struct State {
        var changes = 0
        var stopAfter: Int?
        var error: VolumeError?
        /// The calls that fail; nil for every change.
        var calls: Set<Call>?
        var behindRename: (folder: String, body: @Sendable () throws -> Void)?
    }

    enum Call: Hashable, CaseIterable { case create, open, write, sync, rename, link, read, remove, syncFolder, other }

    private let volume: any Volume
    private let state = NIOLockedValueBox(State())

    init(_ volume: any Volume, stopAfter: Int? = nil) {
        self.volume = volume
        state.withLockedValue { $0.stopAfter = stopAfter }
    }

    /// Changes that were made.
    var changes: Int { state.withLockedValue { $0.changes } }

    /// Every change, or each of `calls`, fails so from now on; nil ends it.
    func fail(with error: VolumeError?, in calls: Set<Call>? = nil) {
        state.withLockedValue { ($0.error, $0.calls) = (error, calls) }
    }

    /// Runs `body` once, on the thread of the next rename into `folder`.
    func behindRename(into folder: String, _ body: @escaping @Sendable () throws -> Void) {
        state.withLockedValue { $0.behindRename = (folder, body) }
    }

    fileprivate func change(_ call: Call = .other) throws {
        let error: VolumeError? = state.withLockedValue { state in
            if let error = state.error, state.calls?.contains(call) ?? true { return error }
            if let last = state.stopAfter, state.changes >= last { return Self.stopped }
            state.changes += 1
            return nil
        }
        if let error { throw error }
    }

    /// A stopped worker does not look either.
    fileprivate func look() throws {
        let isStopped = state.withLockedValue { state in state.stopAfter.map { state.changes >= $0 } ?? false }
        if isStopped { throw Self.stopped }
    }

    /// Fails only where it is told to by name.
    fileprivate func look(_ call: Call) throws {
        try look()
        let error = state.withLockedValue { $0.calls?.contains(call) == true ? $0.error : nil }
        if let error { throw error }
    }

    func makeFolder(_ path: String) throws {
        try change()
        try volume.makeFolder(path)
    }

    func create(_ path: String) throws -> any VolumeFile {
        try change(.create)
        return FaultyFile(file: try volume.create(path), volume: self)
    }

    func open(_ path: String, forWriting: Bool) throws -> any VolumeFile {
        try look(.open)
        return FaultyFile(file: try volume.open(path, forWriting: forWriting), volume: self)
    }

    func rename(_ path: String, to target: String) throws {
        try change(.rename)
        try volume.rename(path, to: target)
        let body = state.withLockedValue { state -> (@Sendable () throws -> Void)? in
            guard let behind = state.behindRename, target.hasPrefix(behind.folder + "/") else { return nil }
            state.behindRename = nil
            return behind.body
        }
        try body?()
    }

    func link(_ path: String, to target: String) throws {
        try change(.link)
        try volume.link(path, to: target)
    }

    func remove(_ path: String) throws {
        try change(.remove)
        try volume.remove(path)
    }

    func removeFolder(_ path: String) throws {
        try change()
        try volume.removeFolder(path)
    }

    func names(in folder: String) throws -> [String] {
        try look()
        return try volume.names(in: folder)
    }

    func facts(of path: String) throws -> FileFacts? {
        try look()
        return try volume.facts(of: path)
    }

    func touch(_ path: String) throws {
        try change()
        try volume.touch(path)
    }

    func syncFolder(_ path: String) throws {
        try change(.syncFolder)
        try volume.syncFolder(path)
    }

    func freeBytes() throws -> Int { try volume.freeBytes() }
}

private struct FaultyFile: VolumeFile {
    let file: any VolumeFile
    let volume: FaultyVolume

    func facts() throws -> FileFacts {
        try volume.look()
        return try file.facts()
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        try volume.change(.write)
        try file.write(bytes, at: offset)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
        try volume.look(.read)
        return try file.read(into: buffer, at: offset)
    }

    func reserve(_ bytes: Int) throws {
        try volume.change()
        try file.reserve(bytes)
    }

    func truncate(to bytes: Int) throws {
        try volume.change()
        try file.truncate(to: bytes)
    }

    func beginWriteback(from offset: Int, bytes: Int) {}

    func sync() throws {
        try volume.change(.sync)
        try file.sync()
    }

    func seal() throws {
        try volume.change()
        try file.seal()
    }
}
