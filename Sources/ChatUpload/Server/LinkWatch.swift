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
