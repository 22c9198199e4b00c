public import ChatWire
public import NIOCore

/// One node's view of a broker that lives in the same process: what `--broker memory` runs on, and what tests
/// put several nodes on. It keeps every promise of ``Broker`` but outliving the process.
///
/// Bound to ``eventLoop``; what it asks of the ``Store`` runs on the store's loop, so nothing is called back from
/// within a call, as with a broker behind a network.
public final class InProcessBroker: Broker, PresenceStore, NodeRegistry, FileRegistry, RoomNotes, DirectRooms,
    @unchecked Sendable
{
    public let eventLoop: any EventLoop
    public let node: NodeID
    private let store: Store

    private weak var receiver: (any BrokerReceiver)?
    private var isStopped = false
    private var renewal: RepeatedTask?
    /// Publishes the record; nil before ``register(_:)`` and after ``withdraw()``.
    private var renew: (@Sendable () -> Void)?

    /// How often the node's record is refreshed.
    static let renewalInterval = TimeAmount.seconds(2)

    public init(node: NodeID, on eventLoop: any EventLoop, store: Store) {
        self.node = node
        self.eventLoop = eventLoop
        self.store = store
    }

    public func start(_ receiver: any BrokerReceiver) {
        self.receiver = receiver
        tell { $0.attach(self) }
    }

    public func stop() -> EventLoopFuture<Void> {
        renewal?.cancel()
        renewal = nil
        let done = ask { $0.detach(self.node) }
        isStopped = true
        return done
    }

    public func publish(_ draft: Draft, to room: RoomName) -> EventLoopFuture<Receipt> {
        ask { try $0.publish(draft, to: room) }
    }

    public func subscribe(to room: RoomName) -> EventLoopFuture<Void> {
        ask { try $0.subscribe(self.node, to: room) }
    }

    public func unsubscribe(from room: RoomName) {
        tell { $0.unsubscribe(self.node, from: room) }
    }

    public func history(of room: RoomName, _ query: HistoryQuery) -> EventLoopFuture<HistoryPage> {
        ask { $0.history(of: room, query) }
    }

    public func typing(_ user: UserName, session: SessionID, in room: RoomName) {
        tell { $0.deliver(.typing(user, session), to: room) }
    }

    public func enter(
        _ occupant: Occupant, room: RoomName, takingOverFrom previous: NodeID?
    ) -> EventLoopFuture<Occupant> {
        ask { try $0.enter(occupant, room: room, takingOverFrom: previous) }
    }

    public func leave(_ occupant: Occupant, room: RoomName, reason: Departure.Reason) -> EventLoopFuture<Bool> {
        ask { $0.leave(occupant, room: room, reason: reason) }
    }

    public func occupants(of room: RoomName) -> EventLoopFuture<[Occupant]> {
        ask { $0.occupants(of: room) }
    }

    public func reassert(_ occupants: [Occupant], room: RoomName) -> EventLoopFuture<Void> {
        ask { try $0.reassert(occupants, room: room) }
    }

    public func rooms(
        limit: Int, among: Int, where isWanted: @escaping @Sendable (RoomName) -> Bool
    ) -> EventLoopFuture<[RoomSummary]> {
        ask { $0.summaries(limit: limit, among: among, where: isWanted) }
    }

    public func register(_ record: @escaping @Sendable () -> NodeRecord) {
        let renew: @Sendable () -> Void = { [weak self] in
            guard let self else { return }
            let current = record()
            self.tell { $0.renew(current, of: self.node) }
        }
        self.renew = renew
        renew()
        renewal = eventLoop.scheduleRepeatedTask(
            initialDelay: Self.renewalInterval, delay: Self.renewalInterval, { _ in renew() })
    }

    public func recordChanged() { renew?() }

    public func withdraw() -> EventLoopFuture<Void> {
        renewal?.cancel()
        (renewal, renew) = (nil, nil)
        return ask { $0.withdraw(self.node) }
    }

    public func nodes() -> EventLoopFuture<[NodeRecord]> {
        ask { $0.records }
    }

    public func send(_ message: NodeMessage, to node: NodeID?) -> EventLoopFuture<Int> {
        ask { $0.send(message, to: node) }
    }

    public func reserve(_ reservation: UploadReservation) -> EventLoopFuture<ReservationAnswer> {
        ask { $0.reserve(reservation) }
    }

    public func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount) -> EventLoopFuture<Void> {
        ask { $0.renew(id, of: account, lifetime: lifetime) }
    }

    public func release(
        _ id: String, of account: UploadAccount, counting bytes: Int, reserved: Int
    ) -> EventLoopFuture<Void> {
        ask { $0.release(id, of: account, counting: bytes) }
    }

    public func volume(_ id: String?) -> EventLoopFuture<String?> {
        ask { $0.volume(id) }
    }

    public func announce(_ line: FileLine, in room: RoomName) -> EventLoopFuture<Receipt> {
        ask { try $0.announce(line, in: room) }
    }

    public func files(of room: RoomName, before: String?, limit: Int) -> EventLoopFuture<FilePage> {
        ask { $0.files(of: room, before: before, limit: limit) }
    }

    public func forget(_ id: String, in room: RoomName) -> EventLoopFuture<Void> {
        ask { $0.forget(id) }
    }

    public func topic(of room: RoomName) -> EventLoopFuture<Topic?> {
        ask { $0.topic(of: room) }
    }

    public func setTopic(
        _ text: String, by user: UserName, session: SessionID, in room: RoomName
    ) -> EventLoopFuture<Topic> {
        ask { $0.setTopic(text, by: user, session: session, in: room) }
    }

    public func readMarker(of principal: Principal, in room: RoomName) -> EventLoopFuture<Position?> {
        ask { $0.readMarker(of: principal, in: room) }
    }

    public func markRead(_ mark: ReadMark, in room: RoomName, isTold: Bool) -> EventLoopFuture<Void> {
        ask { $0.markRead(mark, in: room, isTold: isTold) }
    }

    public func noteDirect(_ pair: DirectPair) -> EventLoopFuture<Void> {
        ask { try $0.noteDirect(pair) }
    }

    public func directPair(of room: RoomName) -> EventLoopFuture<DirectPair?> {
        ask { $0.directPair(of: room) }
    }

    public func directs(of principal: Principal, limit: Int) -> EventLoopFuture<[DirectRoom]> {
        ask { $0.directs(of: principal, limit: limit) }
    }

    func hear(_ deliveries: [RoomDelivery]) {
        reach { $0.received(deliveries) }
    }

    func hear(_ message: NodeMessage) {
        reach { $0.received(message) }
    }

    func hear(_ state: LinkState) {
        reach { $0.linkChanged(to: state) }
    }

    private func reach(_ body: @escaping @Sendable (any BrokerReceiver) -> Void) {
        eventLoop.execute {
            guard !self.isStopped, let receiver = self.receiver else { return }
            body(receiver)
        }
    }

    private func tell(_ body: @escaping @Sendable (Store) -> Void) {
        guard !isStopped else { return }
        store.eventLoop.execute { [store] in body(store) }
    }

    private func ask<Value: Sendable>(_ body: @escaping @Sendable (Store) throws -> Value) -> EventLoopFuture<Value> {
        guard !isStopped else {
            return eventLoop.makeFailedFuture(BrokerError(.stopped, "The broker was stopped."))
        }
        let promise = eventLoop.makePromise(of: Value.self)
        store.eventLoop.execute { [store] in
            promise.completeWith(Result { try body(store) })
        }
        return promise.futureResult
    }
}
