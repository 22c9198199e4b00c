public import ChatBroker
public import ChatWire
import NIOConcurrencyHelpers
public import NIOCore

/// Everything that a node needs of a broker.
public typealias TestedBroker = Broker & NodeRegistry & PresenceStore & RoomNotes & DirectRooms & FileRegistry

/// A node for tests of a broker: calls it on its loop, and keeps what it hears.
public final class TestNode: BrokerReceiver, Sendable {
    public let id: NodeID
    public let broker: any TestedBroker
    private let heard = NIOLockedValueBox(Heard())

    private struct Heard {
        var states: [LinkState] = []
        var messages: [NodeMessage] = []
        var events: [RoomName: [RoomDelivery.Event]] = [:]
    }

    private init(_ id: NodeID, _ broker: any TestedBroker) {
        self.id = id
        self.broker = broker
    }

    /// Starts the broker and waits until its link is up.
    public static func start(_ id: NodeID, _ broker: any TestedBroker) async throws -> TestNode {
        let node = TestNode(id, broker)
        broker.eventLoop.execute { broker.start(node) }
        try await eventually("\(id) is up") { node.isUp }
        return node
    }

    /// Registers the node and waits until it is listed.
    public func register() async throws {
        let record = NodeRecord(
            node: id.name, id: id.value, address: "127.0.0.1:1", version: "test", state: .up, connections: 1, rooms: 1,
            messagesPerSecond: 0, started: 1, lagMilliseconds: 0)
        broker.eventLoop.execute { [broker] in broker.register { record } }
        try await eventually("\(id) is listed") {
            try await self.call { $0.nodes() }.contains { $0.id == self.id.value }
        }
    }

    /// Runs `body` on the broker's loop and waits for what it returns.
    @discardableResult
    public func call<Value: Sendable>(
        _ body: @escaping @Sendable (any TestedBroker) -> EventLoopFuture<Value>
    ) async throws -> Value {
        try await broker.eventLoop.flatSubmit { [broker] in body(broker) }.get()
    }

    // MARK: What it does

    @discardableResult
    public func publish(
        _ text: String, by user: String = "ann", key: String? = nil, in room: RoomName
    ) async throws -> Receipt {
        let draft = try Self.draft(text, by: user, key: key)
        return try await call { $0.publish(draft, to: room) }
    }

    /// - Parameter key: a random one where nil.
    public static func draft(_ text: String, by user: String = "ann", key: String? = nil) throws -> Draft {
        let key = key ?? "k\(UInt64.random(in: .min ... .max))"
        let user = try UserName(user)
        guard let session = SessionID("s0") else { throw WireFailure("no session") }
        let body = ByteBuffer(string: "\"\(text)\"")
        return Draft(
            kind: .message, user: user, key: key,
            tail: Entry.messageTail(user: user, session: session, key: key, bodyJSON: body))
    }

    public func page(_ query: HistoryQuery, of room: RoomName) async throws -> HistoryPage {
        try await call { $0.history(of: room, query) }
    }

    /// Someone at this node.
    public func occupant(_ user: String, session: String) throws -> Occupant {
        guard let session = SessionID(session) else { throw WireFailure("\(session) is no session id") }
        return Occupant(session: session, user: try UserName(user), node: id)
    }

    // MARK: What it heard

    public var states: [LinkState] { heard.withLockedValue { $0.states } }
    public var isUp: Bool { states.last == .up }
    public var messages: [NodeMessage] { heard.withLockedValue { $0.messages } }

    /// Everything of a room, in the order of arrival.
    public func events(in room: RoomName) -> [RoomDelivery.Event] { heard.withLockedValue { $0.events[room] ?? [] } }

    public func entries(in room: RoomName) -> [Entry] {
        events(in: room).compactMap { if case .entry(let entry) = $0 { entry } else { nil } }
    }

    public func changes(in room: RoomName) -> [PresenceChange] {
        events(in: room).compactMap { if case .presence(let change) = $0 { change } else { nil } }
    }

    public func typings(in room: RoomName) -> [UserName] {
        events(in: room).compactMap { if case .typing(let user, _) = $0 { user } else { nil } }
    }

    public func topics(in room: RoomName) -> [Topic] {
        events(in: room).compactMap { if case .topic(let topic, _) = $0 { topic } else { nil } }
    }

    public func marks(in room: RoomName) -> [ReadMark] {
        events(in: room).compactMap { if case .read(let mark) = $0 { mark } else { nil } }
    }

    public func received(_ deliveries: [RoomDelivery]) {
        heard.withLockedValue { heard in
            for delivery in deliveries { heard.events[delivery.room, default: []] += delivery.events }
        }
    }

    public func linkChanged(to state: LinkState) { heard.withLockedValue { $0.states.append(state) } }

    public func received(_ message: NodeMessage) { heard.withLockedValue { $0.messages.append(message) } }
}

extension NodeID {
    /// A new id under the name.
    public static func test(_ name: String) throws -> NodeID {
        var generator = SeededGenerator(seed: .random(in: .min ... .max))
        guard let id = NodeID.new(name: name, using: &generator) else { throw WireFailure("\(name) is no node's name") }
        return id
    }
}

extension RoomName {
    /// A room that nobody else uses.
    public static func random() throws -> RoomName { try RoomName("room-\(UInt32.random(in: .min ... .max))") }
}

extension Entry {
    /// The body of a message; empty for anything else.
    public var text: String {
        guard case .message(let message)? = try? content() else { return "" }
        return message.body
    }
}
