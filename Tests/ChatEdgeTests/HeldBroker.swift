@testable import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import NIOCore
import NIOPosix
import ServerKit

/// A broker whose answers come when a test says so, which fails what the test names, and whose link goes as the test
/// wants. Everything else is the broker behind it.
final class HeldBroker: Broker, PresenceStore, NodeRegistry, RoomNotes, DirectRooms, @unchecked Sendable {
    enum Call: Hashable {
        case subscribe, history, enter, leave, occupants, send, readMarker, topic
    }

    let eventLoop: any EventLoop
    private let broker: InProcessBroker
    private weak var receiver: (any BrokerReceiver)?
    /// Answers that wait, of the calls that are held.
    private var held: [Call: [() -> Void]] = [:]
    private var failing: Set<Call> = []
    /// What the next snapshots of a room say.
    private var snapshot: [Occupant]?

    init(_ broker: InProcessBroker) {
        self.broker = broker
        eventLoop = broker.eventLoop
    }

    // MARK: For tests

    /// From now on calls of the kind are carried out and not answered.
    func hold(_ call: Call) async throws { try await eventLoop.submit { self.held[call] = [] }.get() }

    /// Calls that wait for their answers.
    func waiting(_ call: Call) async throws -> Int {
        try await eventLoop.submit { self.held[call]?.count ?? 0 }.get()
    }

    func release(_ call: Call) async throws {
        try await eventLoop.submit { for answer in self.held.removeValue(forKey: call) ?? [] { answer() } }.get()
    }

    /// Gives the answers that wait, and holds what is asked from now on.
    func releaseAndHold(_ call: Call) async throws {
        try await eventLoop.submit {
            let answers = self.held.updateValue([], forKey: call) ?? []
            for answer in answers { answer() }
        }.get()
    }

    func fail(_ call: Call) async throws { try await eventLoop.submit { _ = self.failing.insert(call) }.get() }

    func succeed(_ call: Call) async throws { try await eventLoop.submit { _ = self.failing.remove(call) }.get() }

    func answerSnapshots(with occupants: [Occupant]?) async throws {
        try await eventLoop.submit { self.snapshot = occupants }.get()
    }

    func say(_ state: LinkState) async throws {
        try await eventLoop.submit { self.receiver?.linkChanged(to: state) }.get()
    }

    private func pass<Value: Sendable>(
        _ call: Call, _ body: () -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        guard !failing.contains(call) else {
            return eventLoop.makeFailedFuture(BrokerError(.unavailable, "The test wants it so."))
        }
        guard held[call] != nil else { return body() }
        let promise = eventLoop.makePromise(of: Value.self)
        let answer = body()
        held[call]?.append { answer.cascade(to: promise) }
        return promise.futureResult
    }

    // MARK: The broker

    func start(_ receiver: any BrokerReceiver) {
        self.receiver = receiver
        broker.start(receiver)
    }

    func stop() -> EventLoopFuture<Void> {
        for call in held.keys { for answer in held.removeValue(forKey: call) ?? [] { answer() } }
        return broker.stop()
    }

    func publish(_ draft: Draft, to room: RoomName) -> EventLoopFuture<Receipt> { broker.publish(draft, to: room) }

    func subscribe(to room: RoomName) -> EventLoopFuture<Void> { pass(.subscribe) { broker.subscribe(to: room) } }

    func unsubscribe(from room: RoomName) { broker.unsubscribe(from: room) }

    func history(of room: RoomName, _ query: HistoryQuery) -> EventLoopFuture<HistoryPage> {
        pass(.history) { broker.history(of: room, query) }
    }

    func typing(_ user: UserName, session: SessionID, in room: RoomName) {
        broker.typing(user, session: session, in: room)
    }

    func enter(_ occupant: Occupant, room: RoomName, takingOverFrom previous: NodeID?) -> EventLoopFuture<Occupant> {
        pass(.enter) { broker.enter(occupant, room: room, takingOverFrom: previous) }
    }

    func leave(_ occupant: Occupant, room: RoomName, reason: Departure.Reason) -> EventLoopFuture<Bool> {
        pass(.leave) { broker.leave(occupant, room: room, reason: reason) }
    }

    func occupants(of room: RoomName) -> EventLoopFuture<[Occupant]> {
        pass(.occupants) {
            snapshot.map { eventLoop.makeSucceededFuture($0) } ?? broker.occupants(of: room)
        }
    }

    func reassert(_ occupants: [Occupant], room: RoomName) -> EventLoopFuture<Void> {
        broker.reassert(occupants, room: room)
    }

    func rooms(
        limit: Int, among: Int, where isWanted: @escaping @Sendable (RoomName) -> Bool
    ) -> EventLoopFuture<[RoomSummary]> {
        broker.rooms(limit: limit, among: among, where: isWanted)
    }

    func topic(of room: RoomName) -> EventLoopFuture<Topic?> { pass(.topic) { broker.topic(of: room) } }

    func setTopic(
        _ text: String, by user: UserName, session: SessionID, in room: RoomName
    ) -> EventLoopFuture<Topic> {
        broker.setTopic(text, by: user, session: session, in: room)
    }

    func readMarker(of principal: Principal, in room: RoomName) -> EventLoopFuture<Position?> {
        pass(.readMarker) { broker.readMarker(of: principal, in: room) }
    }

    func markRead(_ mark: ReadMark, in room: RoomName, isTold: Bool) -> EventLoopFuture<Void> {
        broker.markRead(mark, in: room, isTold: isTold)
    }

    func noteDirect(_ pair: DirectPair) -> EventLoopFuture<Void> { broker.noteDirect(pair) }

    func directPair(of room: RoomName) -> EventLoopFuture<DirectPair?> { broker.directPair(of: room) }

    func directs(of principal: Principal, limit: Int) -> EventLoopFuture<[DirectRoom]> {
        broker.directs(of: principal, limit: limit)
    }

    func register(_ record: @escaping @Sendable () -> NodeRecord) { broker.register(record) }

    func recordChanged() { broker.recordChanged() }

    func withdraw() -> EventLoopFuture<Void> { broker.withdraw() }

    func nodes() -> EventLoopFuture<[NodeRecord]> { broker.nodes() }

    func send(_ message: NodeMessage, to node: NodeID?) -> EventLoopFuture<Int> {
        guard held[.send] != nil else { return broker.send(message, to: node) }
        // Not even carried out: who waits for another node waits for its message.
        let promise = eventLoop.makePromise(of: Int.self)
        held[.send]?.append { self.broker.send(message, to: node).cascade(to: promise) }
        return promise.futureResult
    }
}

/// An edge over a ``HeldBroker``.
struct HeldEdge {
    let edge: RunningEdge
    let broker: HeldBroker
    let store: InProcessBroker.Store

    var port: Int { edge.port }

    static func start(
        on group: MultiThreadedEventLoopGroup, _ configure: (inout EdgeSettings) -> Void = { _ in }
    ) async throws -> HeldEdge {
        let loop = group.next()
        let store = InProcessBroker.Store(on: loop, history: .init())
        var made: HeldBroker?
        let edge = try await RunningEdge.start(on: group, configure) { node, _ in
            let broker = HeldBroker(InProcessBroker(node: node, on: loop, store: store))
            made = broker
            return broker
        }
        guard let made else { throw WireFailure("no broker was made") }
        return HeldEdge(edge: edge, broker: made, store: store)
    }

    /// A second edge on the same store.
    func neighbour(
        on group: MultiThreadedEventLoopGroup, _ configure: (inout EdgeSettings) -> Void = { _ in }
    ) async throws -> RunningEdge {
        try await RunningEdge.start("edge-b", on: group, configure) { [store] node, _ in
            InProcessBroker(node: node, on: store.eventLoop, store: store)
        }
    }

    func occupants(of room: String) async throws -> [Occupant] {
        let name = try RoomName(room)
        return try await store.eventLoop.submit { [store] in store.occupants(of: name) }.get()
    }

    /// Whether the gauge or counter stands at the value.
    func shows(_ metric: String, _ value: Int) -> Bool {
        edge.registry.prometheusText().contains("\ntermchat_edge_\(metric) \(value)\n")
    }
}
