import NIOConcurrencyHelpers
import NIOCore

/// The worker stops, and what still comes of a body is not waited for.
struct Stopping: Error {}

/// The connections of a worker, for the moment when it can wait no longer for the bodies that they bring.
final class OpenConnections: Sendable {
    /// Tells ``PaceHandler`` to end the body that is on its way.
    struct EndBody: Sendable {}

    private let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])

    func opened(_ channel: any Channel) { channels.withLockedValue { $0[ObjectIdentifier(channel)] = channel } }
    func closed(_ channel: any Channel) { channels.withLockedValue { $0[ObjectIdentifier(channel)] = nil } }

    /// Each request that still receives its body is answered with 503 now.
    func endBodies() {
        for channel in channels.withLockedValue({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(EndBody())
        }
    }
}
