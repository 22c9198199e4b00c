import NIOConcurrencyHelpers

/// Which volume a worker serves, once that is settled: an empty directory in the place of a mount, or another volume, must
/// not be taken for it.
///
/// The volume says what it is by a marker in its root, the broker which one the workers share. A worker decides once and
/// keeps to it for as long as it runs.
final class VolumeIdentity: Sendable {
    private struct State {
        var known: String?
        var isCertain = false
    }

    private let state = NIOLockedValueBox(State())

    /// What the marker must say; nil while that is open.
    var known: String? { state.withLockedValue { $0.known } }
    /// The broker agreed.
    var isCertain: Bool { state.withLockedValue { $0.isCertain } }

    func settle(_ id: String, isCertain: Bool) {
        state.withLockedValue { $0 = State(known: id, isCertain: isCertain) }
    }

    /// What is in the directory.
    enum Found: Equatable {
        case marker(String)
        case empty
        /// No marker, but the folders of a volume of before there were markers.
        case unmarked
        /// Something else's.
        case foreign
    }

    /// What the broker says which volume the workers share.
    enum Shared: Equatable {
        case unknown
        case none
        case volume(String)
    }

    enum Verdict: Equatable {
        /// It is this one.
        case accepted(String)
        /// It says to be this one, and the broker cannot be asked yet.
        case believed(String)
        /// It is new: it gets a marker, and the question is asked again.
        case new
        case refused(String)
    }

    /// The marker counts where the broker knows nothing: a Redis that was emptied must not cost the volume.
    static func judge(_ found: Found, _ shared: Shared) -> Verdict {
        switch (found, shared) {
        case (.marker(let id), .volume(let known)) where id != known:
            .refused("the volume is \(id), and the workers share \(known): is the right one mounted?")
        case (.marker(let id), .volume), (.marker(let id), .none): .accepted(id)
        case (.marker(let id), .unknown): .believed(id)
        case (.empty, .none), (.unmarked, .none): .new
        case (.empty, .volume(let known)), (.unmarked, .volume(let known)), (.foreign, .volume(let known)):
            .refused("the directory has no marker, and the workers share the volume \(known): is it mounted?")
        case (.empty, .unknown), (.unmarked, .unknown):
            .refused("the directory has no marker, and the broker cannot be asked whether it should have one")
        case (.foreign, .unknown), (.foreign, .none):
            .refused("the directory is neither empty nor a volume of TermChat")
        }
    }
}

extension UploadStore {
    /// What the volume says that it is; nil where it says nothing.
    func marker() throws -> String? {
        guard let bytes = try volume.contents(of: Layout.marker, bytesMax: UploadID.characters) else { return nil }
        guard let id = UploadID(String(decoding: bytes, as: UTF8.self)) else {
            throw VolumeError(.failed, "the file \(Layout.marker) is damaged")
        }
        return id.value
    }

    func look() throws -> VolumeIdentity.Found {
        if let id = try marker() { return .marker(id) }
        // What a file system itself has in its root, and hidden files of its mount.
        let names = try volume.names(in: "").filter { $0 != "lost+found" && !$0.hasPrefix(".") }
        if names.isEmpty { return .empty }
        return Set(Layout.folders).isSubset(of: names) ? .unmarked : .foreign
    }

    /// Makes a volume of the directory. Where two workers do it at once one of the markers stays.
    func mark(_ id: UploadID) throws {
        try prepare()
        let temporary = Layout.temporary(.random(in: .min ... .max))
        let file = try volume.create(temporary)
        defer { try? volume.removeIfThere(temporary) }
        try Array(id.value.utf8).withUnsafeBytes { try file.write($0, at: 0) }
        try file.sync()
        _ = try unless(.exists) { try volume.link(temporary, to: Layout.marker) }
        try volume.syncFolder("")
    }

    /// - Throws: ``VolumeError`` `.gone` where this is not the volume that it was.
    func checkMarker() throws {
        guard let known = identity.known else { return }
        let marker = try marker()
        guard marker == known else {
            throw VolumeError(.gone, "the directory is not the volume \(known): \(marker ?? "it has no marker")")
        }
    }
}
