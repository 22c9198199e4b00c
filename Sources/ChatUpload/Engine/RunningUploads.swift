import ChatBroker
import NIOConcurrencyHelpers
import NIOCore

/// The uploads that requests of this worker are receiving or finishing, each with a lease to renew: on the volume, by the time
/// of its folder, and in its account.
final class RunningUploads: Sendable {
    struct Lease: Sendable {
        var id: UploadID
        /// nil while nobody is named.
        var account: UploadAccount?
        var lifetime: TimeAmount
    }

    private struct State {
        var leases: [Int: Lease] = [:]
        var next = 0
    }

    private let state = NIOLockedValueBox(State())

    var all: [Lease] { state.withLockedValue { Array($0.leases.values) } }

    /// - Returns: what ``ended(_:)`` takes. Two requests may be about the same upload.
    func began(_ lease: Lease) -> Int {
        state.withLockedValue { state in
            state.next += 1
            state.leases[state.next] = lease
            return state.next
        }
    }

    func named(_ number: Int, _ account: UploadAccount?) {
        state.withLockedValue { $0.leases[number]?.account = account }
    }

    func ended(_ number: Int) { state.withLockedValue { $0.leases[number] = nil } }
}

/// Renews the leases. Whose worker was killed is then told from whose sender is slow, or whose file takes long to be finished.
struct LeaseKeeper: Sendable {
    let engine: UploadEngine

    /// Until the task is cancelled.
    func run() async {
        let interval = Duration.seconds(engine.settings.leaseSeconds) / UploadLimits.renewalsPerLease
        while !Task.isCancelled {
            try? await Task.sleep(for: interval)
            await renew()
        }
    }

    func renew() async {
        let leases = engine.running.all
        try? await engine.disk.run { [store = engine.store] in
            for lease in leases { try? store.volume.touch(Layout.partial(lease.id)) }
        }
        for lease in leases {
            guard let account = lease.account else { continue }
            do {
                try await engine.registry.call {
                    $0.renew(lease.id.value, of: account, lifetime: lease.lifetime)
                }
            } catch {
                // The broker is away, and the others would wait for it too.
                return
            }
        }
    }
}
