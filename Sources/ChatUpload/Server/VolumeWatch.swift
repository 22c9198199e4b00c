import NIOConcurrencyHelpers
import ServerKit

/// Looks now and then whether the volume can be written to, for `/readyz`: a readiness check must not wait for a disk.
struct VolumeWatch: Sendable {
    /// Between two looks. A look that hangs is itself the answer, once it is overdue.
    static let interval = Duration.seconds(2)
    static let overdue = Duration.seconds(15)

    private struct State {
        var problem: String? = "the volume was not looked at yet"
        var freeBytes = 0
        var last = ContinuousClock.now
    }

    private let store: UploadStore
    private let disk: DiskThreads
    private let freeBytesMin: Int
    private let state = NIOLockedValueBox(State())

    init(store: UploadStore, disk: DiskThreads, freeBytesMin: Int) {
        self.store = store
        self.disk = disk
        self.freeBytesMin = freeBytesMin
    }

    /// What keeps uploads from being taken; nil where nothing does.
    var problem: String? {
        state.withLockedValue { state in
            ContinuousClock.now - state.last > Self.overdue ? "the volume does not answer" : state.problem
        }
    }

    var freeBytes: Int { state.withLockedValue { $0.freeBytes } }

    func run() async {
        while !Task.isCancelled {
            await look()
            try? await Task.sleep(for: Self.interval)
        }
    }

    func look() async {
        let seen: (problem: String?, freeBytes: Int)
        do {
            seen = try await disk.run { [store, freeBytesMin] in
                try store.probe()
                let free = try store.volume.freeBytes()
                return (free < freeBytesMin ? "the volume is full" : nil, free)
            }
        } catch {
            seen = ("the volume cannot be written to: \(error)", 0)
        }
        state.withLockedValue { state in
            state.problem = seen.problem
            state.freeBytes = seen.freeBytes
            state.last = .now
        }
    }
}

extension UploadStore {
    /// Writes a byte to the disk and takes it away again.
    func probe() throws {
        let path = Layout.temporary(.random(in: .min ... .max))
        defer { try? volume.removeIfThere(path) }
        let file = try volume.create(path)
        try [UInt8(ascii: "x")].withUnsafeBytes { try file.write($0, at: 0) }
        try file.sync()
        try checkFolders()
    }
}
