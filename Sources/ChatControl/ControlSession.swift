public import ChatBroker
import ChatWire
import NIOConcurrencyHelpers
import NIOCore
import ServerKit

/// What `termchat-ctl` needs of a broker; it never registers as a node.
public typealias ControlBroker = Broker & NodeRegistry & PresenceStore

/// One run's connection to the cluster.
final class ControlSession: BrokerReceiver, Sendable {
    /// What a command that stays hears, in order.
    enum News: Sendable {
        case delivery(RoomDelivery)
        case linkUp
        case linkDown(reason: String)
        /// The time that ``readAgainSoon()`` waits is over.
        case readAgain
    }

    let broker: any ControlBroker
    private let isUp: EventLoopPromise<Void>
    /// What subscribed rooms receive, from the subscription on, and what becomes of the link.
    let news: AsyncStream<News>
    private let feed: AsyncStream<News>.Continuation
    /// News that may wait for stdout; a tail that falls further behind loses the oldest, and sees it by `prev`.
    private static let newsMax = 10_000
    private static let readAgainAfter = TimeAmount.seconds(1)
    private static let connectTimeout = TimeAmount.seconds(5)
    /// For each answer. Redis takes microseconds for what is asked here; a frozen one, or a network that drops, any time.
    private static let answerTimeout = TimeAmount.seconds(10)

    init(broker: any ControlBroker) {
        self.broker = broker
        isUp = broker.eventLoop.makePromise()
        (news, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.newsMax))
    }

    /// - Throws: ``BrokerError`` `.unavailable` where Redis does not answer in time.
    func start() async throws {
        let timeout = broker.eventLoop.scheduleTask(in: Self.connectTimeout) { [isUp, broker] in
            let trouble = broker.linkTrouble.map { ": \($0)" } ?? ""
            isUp.fail(BrokerError(.unavailable, "no link within 5 s\(trouble)"))
        }
        broker.eventLoop.execute { self.broker.start(self) }
        defer { timeout.cancel() }
        try await isUp.futureResult.get()
    }

    func stop() async {
        feed.finish()
        _ = try? await call { $0.stop() }
    }

    /// No news is wanted any more.
    func endNews() { feed.finish() }

    /// A read failed, although the link may be up.
    func readAgainSoon() {
        broker.eventLoop.scheduleTask(in: Self.readAgainAfter) { [feed] in feed.yield(.readAgain) }
    }

    /// Asks the broker on its loop.
    /// - Throws: ``BrokerError`` `.unavailable` where no answer comes in time.
    func call<Value: Sendable>(
        _ body: @escaping @Sendable (any ControlBroker) -> EventLoopFuture<Value>
    ) async throws -> Value {
        let answer = broker.eventLoop.makePromise(of: Value.self)
        let timeout = broker.eventLoop.scheduleTask(in: Self.answerTimeout) {
            answer.fail(BrokerError(.unavailable, "no answer within 10 s"))
        }
        broker.eventLoop.flatSubmit { [broker] in body(broker) }.whenComplete { result in
            timeout.cancel()
            answer.completeWith(result)
        }
        return try await answer.futureResult.get()
    }

    func received(_ deliveries: [RoomDelivery]) {
        for delivery in deliveries { feed.yield(.delivery(delivery)) }
    }

    func linkChanged(to state: LinkState) {
        switch state {
        case .up:
            isUp.succeed()
            feed.yield(.linkUp)
        case .down(let reason):
            feed.yield(.linkDown(reason: reason))
        }
    }

    func received(_ message: NodeMessage) {}
}
