import ChatBroker
import NIOConcurrencyHelpers
import ServerKit

/// Looks now and then whether the volume is the right one and can be written to, for `/readyz`: a readiness check must not
/// wait for a disk.
struct VolumeWatch: Sendable {
    /// Between two looks. A look that hangs is itself the answer, once it is overdue.
    static let interval = Duration.seconds(2)
    static let overdue = Duration.seconds(15)
    /// The same until it is certain which volume it is, and how long a worker waits for that at its start.
    static let firstInterval = Duration.milliseconds(100)
    static let firstPatience = Duration.seconds(2)

    private struct State {
        var problem: String?
        /// Why it may not be the volume that it must be.
        var identityProblem: String? = "the volume was not looked at yet"
        var freeBytes = 0
        var last = ContinuousClock.now
    }

    private let store: UploadStore
    private let registry: Registry
    private let disk: DiskThreads
    private let freeBytesMin: Int
    private let state = NIOLockedValueBox(State())

    init(store: UploadStore, registry: Registry, disk: DiskThreads, freeBytesMin: Int) {
        self.store = store
        self.registry = registry
        self.disk = disk
        self.freeBytesMin = freeBytesMin
    }

    /// What keeps uploads from being taken; nil where nothing does.
    var problem: String? {
        state.withLockedValue { state in
            ContinuousClock.now - state.last > Self.overdue
                ? "the volume does not answer" : state.identityProblem ?? state.problem
        }
    }

    /// Why nothing may be answered from it; nil where it is the right one.
    var identityProblem: String? { state.withLockedValue { $0.identityProblem } }

    var freeBytes: Int { state.withLockedValue { $0.freeBytes } }

    func run() async {
        while !Task.isCancelled {
            await look()
            try? await Task.sleep(for: store.identity.isCertain ? Self.interval : Self.firstInterval)
        }
    }

    /// Looks until it is certain which volume it is, for a while: a broker's link takes a moment.
    func begin() async {
        let end = ContinuousClock.now + Self.firstPatience
        repeat {
            await look()
            if store.identity.isCertain { return }
            try? await Task.sleep(for: Self.firstInterval)
        } while ContinuousClock.now < end
    }

    func look() async {
        let identityProblem = await identify()
        state.withLockedValue { $0.identityProblem = identityProblem }
        guard identityProblem == nil else {
            state.withLockedValue { $0.last = .now }
            return
        }
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

    /// - Returns: why it is not the volume that it must be.
    private func identify() async -> String? {
        do {
            guard !store.identity.isCertain else {
                try await disk.run { [store] in try store.checkVolume() }
                return nil
            }
            let found = try await disk.run { [store] in try store.look() }
            switch VolumeIdentity.judge(found, await shared(found)) {
            case .accepted(let id): try await accept(id, isCertain: true)
            case .believed(let id): try await accept(id, isCertain: false)
            case .new:
                try await disk.run { [store] in try store.mark(.random()) }
                return await identify()
            case .refused(let reason): return reason
            }
            return nil
        } catch {
            return "the volume is not there: \(error)"
        }
    }

    private func shared(_ found: VolumeIdentity.Found) async -> VolumeIdentity.Shared {
        let id: String? = if case .marker(let id) = found { id } else { nil }
        do {
            return try await registry.call { $0.volume(id) }.map { .volume($0) } ?? .none
        } catch {
            return .unknown
        }
    }

    private func accept(_ id: String, isCertain: Bool) async throws {
        try await disk.run { [store] in
            try store.prepare()
            store.identity.settle(id, isCertain: isCertain)
        }
    }
}

extension UploadStore {
    /// Takes a small file the way that an upload takes: each step may fail while those before work.
    func probe() throws {
        let first = Layout.temporary(.random(in: .min ... .max))
        let second = Layout.temporary(.random(in: .min ... .max))
        let third = Layout.temporary(.random(in: .min ... .max))
        do {
            let text = Array(second.utf8)
            let file = try volume.create(first)
            try text.withUnsafeBytes { try file.write($0, at: 0) }
            try file.sync()
            try volume.rename(first, to: second)
            try volume.link(second, to: third)
            try volume.syncFolder(Layout.temporary)
            guard try volume.contents(of: third, bytesMax: text.count) == text else {
                throw VolumeError(.failed, "what was written is not what is read")
            }
            try volume.remove(second)
            try volume.remove(third)
        } catch {
            for path in [first, second, third] { try? volume.removeIfThere(path) }
            throw error
        }
    }
}
