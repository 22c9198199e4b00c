import ChatBroker
import NIOConcurrencyHelpers

/// Hears whether the broker can be reached.
final class LinkWatch: BrokerReceiver, Sendable {
    private let state = NIOLockedValueBox<LinkState>(.down(reason: "the link was not up yet"))

    /// nil while the link is up.
    var problem: String? {
        switch state.withLockedValue({ $0 }) {
        case .up: nil
        case .down(let reason): "the broker is away: \(reason)"
        }
    }

    func received(_ deliveries: [RoomDelivery]) {}
    func received(_ message: NodeMessage) {}
    func linkChanged(to state: LinkState) { self.state.withLockedValue { $0 = state } }
}

/// Writes to the broker now and then, for `/readyz`: one that is full, or a replica, still answers reads.
struct RegistryWatch: Sendable {
    static let interval = Duration.seconds(2)

    let registry: Registry
    let identity: VolumeIdentity
    let link: LinkWatch
    private let state = NIOLockedValueBox<String?>(nil)

    init(registry: Registry, identity: VolumeIdentity, link: LinkWatch) {
        self.registry = registry
        self.identity = identity
        self.link = link
    }

    /// nil while the broker takes writes, as far as is known.
    var problem: String? { link.problem ?? state.withLockedValue { $0 } }

    func run() async {
        while !Task.isCancelled {
            await look()
            try? await Task.sleep(for: Self.interval)
        }
    }

    func look() async {
        let known = identity.known
        let problem: String?
        do {
            let shared = try await registry.call { $0.volume(known) }
            problem =
                known == nil || shared == known ? nil : "the workers share the volume \(shared ?? "-"), this is another"
        } catch {
            problem = "the broker does not take writes: \(error)"
        }
        state.withLockedValue { $0 = problem }
    }
}
