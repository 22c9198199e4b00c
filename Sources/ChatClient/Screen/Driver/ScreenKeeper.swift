import ChatWire
import Foundation
import NIOCore
import NIOPosix
import TerminalUI

/// Keeps on disk what outlives the screen: drafts, inputs, rooms, preferences. Changes are written in their order, away
/// from the screen; one that cannot be written is no reason to stop.
final class ScreenKeeper: Sendable {
    enum Change: Sendable {
        case draft(RoomName, String)
        case input(String)
        case rooms(KeptRooms)
        case preferences(Preferences)
    }

    private let drafts: DraftsFile?
    private let inputs: InputHistoryFile?
    private let rooms: KeptRoomsFile?
    private let preferences: PreferencesFile?
    private let changes: AsyncStream<Change>
    private let continuation: AsyncStream<Change>.Continuation
    private let threads = NIOThreadPool.singleton

    init(_ setup: ScreenSetup) {
        let (state, server, owner) = (setup.state, setup.configuration.server, setup.owner)
        drafts = state.map { DraftsFile(path: $0.drafts(server, owner: owner)) }
        inputs = state.map { InputHistoryFile(path: $0.inputHistory(server, owner: owner)) }
        rooms = state.map { KeptRoomsFile(path: $0.rooms(server, owner: owner)) }
        preferences = state.map { PreferencesFile(path: $0.preferences(server, owner: owner)) }
        (changes, continuation) = AsyncStream.makeStream()
    }

    func loadDrafts() async -> Drafts {
        let drafts = drafts
        return (try? await threads.runIfActive { try drafts?.load() }) ?? Drafts()
    }

    func loadInputs() async -> [String] {
        let inputs = inputs
        return (try? await threads.runIfActive { try inputs?.load() }) ?? []
    }

    func loadRooms() async -> KeptRooms {
        let rooms = rooms
        return (try? await threads.runIfActive { try rooms?.load() }) ?? KeptRooms()
    }

    func loadPreferences() async -> Preferences {
        let preferences = preferences
        return (try? await threads.runIfActive { try preferences?.load() }) ?? Preferences()
    }

    /// Drafts of the name before become those of this one: here first, so that a crash leaves them twice and not nowhere.
    /// What was kept here for the same room comes back with Up.
    func take(_ texts: [RoomName: String], from former: ScreenKeeper) async {
        let (drafts, inputs, others) = (drafts, inputs, former.drafts)
        guard !texts.isEmpty, let drafts, let others, drafts.path != others.path else { return }
        await write {
            var kept = try drafts.load()
            for (room, text) in texts {
                if !kept[room].isEmpty, kept[room] != text { try inputs?.append(kept[room]) }
                kept[room] = text
            }
            try drafts.save(kept)
            var left = try others.load()
            for room in texts.keys { left[room] = "" }
            try others.save(left)
        }
    }

    func keep(_ change: Change) { continuation.yield(change) }

    /// What is kept until now is written; nothing is kept from now on.
    func close() { continuation.finish() }

    /// Writes until ``close()`` and the last change.
    /// - Parameter kept: the drafts as they are on disk.
    func run(_ kept: Drafts) async {
        var known = kept
        for await change in changes {
            switch change {
            case .draft(let room, let text):
                known[room] = text
                let (known, drafts) = (known, drafts)
                await write { try drafts?.save(known) }
            case .input(let input):
                let inputs = inputs
                await write { try inputs?.append(input) }
            case .rooms(let changed):
                let rooms = rooms
                await write { try rooms?.save(changed) }
            case .preferences(let changed):
                let preferences = preferences
                await write { try preferences?.save(changed) }
            }
        }
    }

    private func write(_ body: @escaping @Sendable () throws -> Void) async {
        try? await threads.runIfActive(body)
    }

    // MARK: Looks at the file system for the input line

    private static let pathsMax = 500

    func look(_ action: ScreenAction, _ inbox: ScreenInbox) async {
        switch action {
        case .completePath(let prefix):
            let paths = try? await threads.runIfActive { Self.paths(beginningWith: prefix) }
            inbox.putUrgent(.paths(prefix: prefix, paths ?? []))
        case .checkPath(let path):
            let exists = try? await threads.runIfActive { Self.isFile(Self.expanded(path)) }
            inbox.putUrgent(.pathExists(path, exists ?? false))
        default:
            break
        }
    }

    /// With the user's folder for `~`: the one that shells mean, where there is one.
    static func expanded(
        _ path: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
        return (home ?? FileManager.default.homeDirectoryForCurrentUser.path) + path.dropFirst()
    }

    static func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func paths(beginningWith prefix: String) -> [String] {
        let cut = prefix.lastIndex(of: "/").map(prefix.index(after:)) ?? prefix.startIndex
        let (folder, stem) = (String(prefix[..<cut]), prefix[cut...])
        let place = folder.isEmpty ? "." : expanded(folder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        let fitting = names.filter { $0.hasPrefix(stem) && (!$0.hasPrefix(".") || stem.hasPrefix(".")) }
        return fitting.sorted().prefix(pathsMax).map { name in
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: place + "/" + name, isDirectory: &isFolder)
            return folder + name + (exists && isFolder.boolValue ? "/" : "")
        }
    }

    // MARK: Temporary files

    /// A file that only the user can read, in a folder of its own.
    static func temporaryFile(_ text: String, named name: String, in folder: String?) throws -> String {
        let base = folder ?? FileManager.default.temporaryDirectory.path
        let place = "\(base)/tmp-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        try FileManager.default.createDirectory(
            atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let path = "\(place)/\(name)"
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CommandFailure(.failed, "Cannot write \(path).") }
        return path
    }

    /// Takes a file of ``temporaryFile(_:named:in:)`` away, and its folder.
    static func removeTemporary(_ path: String) {
        unlink(path)
        rmdir(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }
}
