public import ChatWire
public import NIOCore
import NIOPosix

/// A user's session with a chat server: it connects, stays connected, joins rooms, sends messages until they are
/// stored, and tells everything as a sequence of ``SessionEvent``.
///
/// Methods may be called from any task. ``events`` must be read: at most about a thousand events wait, then the
/// session stops reading from the server until they are taken. Cancelling the task that reads them ends the session.
public final class ChatSession: Sendable {
    public struct Configuration: Sendable {
        public var server: ServerAddress
        /// The name a guest asks for.
        public var user: String?
        public var token: String?
        /// Asked for another token when the server refuses this one or says that it has expired: the session goes on with
        /// it. Nil from it, or an error, ends the session.
        public var renewToken: (@Sendable () async throws -> String?)?
        /// Names the program to the server.
        public var client = "termchat"
        /// A PEM file of certificate authorities to trust instead of the system's.
        public var certificateAuthority: String?
        /// Where messages wait that are not stored yet; nil keeps them in memory only.
        public var outboxPath: String?
        /// Messages of one room sent ahead of their acknowledgements. With 1 they are stored in the order in which
        /// they were sent; with more, one that the server refuses for now may be overtaken.
        public var window = 1

        /// Ask the edge now and then how long it takes to answer: ``SessionEvent/latency(_:)``.
        public var measuresLatency = false

        public init(server: ServerAddress, user: String? = nil, token: String? = nil) {
            self.server = server
            self.user = user
            self.token = token
        }
    }

    /// Everything that happens, once, in order.
    public let events: SessionEvents
    /// Messages that an earlier run left in the outbox. When their rooms are joined, what the history has of them counts
    /// as stored, and the others are sent; see also ``SessionEvent/kept(_:_:)``.
    public let restored: [OutgoingMessage]
    private let driver: SessionDriver
    private let outboxStore: OutboxStore?

    /// Starts connecting. The session lives until ``close()``, until it and its ``events`` are dropped, or until it
    /// stops by itself (``SessionEvent/stopped(_:)``).
    /// - Throws: where the outbox's file or the certificates cannot be read.
    public init(
        _ configuration: Configuration, group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup
    ) async throws {
        let connector = try LinkConnector(
            address: configuration.server, certificateAuthority: configuration.certificateAuthority, loop: group.next())
        let store = try configuration.outboxPath.map { try OutboxStore(path: $0) }
        let restored = try await store?.restore() ?? []
        let time = OutboxStore.now
        let machine = SessionMachine(
            .init(
                user: configuration.user, token: configuration.token,
                renewsToken: configuration.renewToken != nil, client: configuration.client,
                window: configuration.window, keepsOutbox: store != nil, measuresLatency: configuration.measuresLatency),
            seed: .random(in: .min ... .max))
        let driver = SessionDriver(
            machine: machine, connector: connector, outboxStore: store, renewToken: configuration.renewToken)
        let producer = SessionDriver.Events.makeSequence(
            elementType: SessionEvent.self,
            backPressureStrategy: .init(
                lowWatermark: ClientLimits.eventsLowMark, highWatermark: ClientLimits.eventsHighMark),
            finishOnDeinit: true, delegate: EventsDelegate(driver: driver))
        let source = producer.source
        driver.loop.execute { driver.start(source, restored: restored, time: time) }
        self.driver = driver
        self.restored = restored.map(\.message)
        outboxStore = store
        events = SessionEvents(producer.sequence)
    }

    /// Runs `body` with a session that is closed on every way out.
    public static func with<Result: Sendable>(
        _ configuration: Configuration, isolation: isolated (any Actor)? = #isolation,
        _ body: (ChatSession) async throws -> Result
    ) async throws -> Result {
        let session = try await ChatSession(configuration)
        do {
            let result = try await body(session)
            await session.close()
            return result
        } catch {
            await session.close()
            throw error
        }
    }

    /// Joins a room, now and after every reconnect.
    /// - Parameters:
    ///   - since: the last position the caller has: what follows it comes first. Nil asks for recent entries.
    ///   - limit: how many recent entries at most.
    public func join(_ room: RoomName, since: Position? = nil, limit: Int = Limits.pageEntriesDefault) {
        driver.loop.execute { [driver] in
            driver.change { $0.join(room, since: since, limit: limit, at: $1) }
        }
    }

    public func leave(_ room: RoomName) {
        driver.loop.execute { [driver] in driver.change { $0.leave(room, at: $1) } }
    }

    /// Puts a message into the outbox. When this returns it is on disk, where the session has a file;
    /// ``SessionEvent/stored(_:id:duplicate:)`` or ``SessionEvent/refused(_:_:)`` tells its fate.
    /// - Throws: ``SendError``.
    public func send(_ message: OutgoingMessage) async throws {
        do throws(WireError) { _ = try ClientFrame.Send(message, ref: nil) } catch { throw SendError.invalid(error) }
        var place: Place?
        if let outboxStore {
            place = try await driver.loop.submit { [driver] in driver.place(in: message.room) }.get()
            try await outboxStore.add(message, place)
        }
        let isTaken = try await driver.loop.submit { [driver, place] in try driver.send(message, place) }.get()
        guard isTaken else {
            outboxStore?.settled(message)
            throw SendError.outboxFull
        }
    }

    /// Takes a message that was ``SessionEvent/kept(_:_:)`` out of the outbox's file. To send it again, ``send(_:)`` it.
    public func discard(_ message: OutgoingMessage) { outboxStore?.settled(message) }

    public func typing(in room: RoomName) {
        driver.loop.execute { [driver] in driver.change { $0.typing(in: room, at: $1) } }
    }

    /// Who is in a room.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func who(_ room: RoomName) async throws -> (members: [Member], count: Int) {
        guard case .members(let members, let count) = try await ask(.who(room)) else { throw UnexpectedAnswer() }
        return (members, count)
    }

    /// One page of a room's history, oldest first.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func history(
        _ room: RoomName, _ direction: ClientFrame.History.Direction, limit: Int = Limits.pageEntriesDefault
    ) async throws -> (entries: [Entry], more: Bool) {
        guard case .history(let entries, let more) = try await ask(.history(room, direction, limit: limit)) else {
            throw UnexpectedAnswer()
        }
        return (entries, more)
    }

    /// The rooms this user may see, the last active one first.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func rooms(limit: Int) async throws -> [RoomListing] {
        guard case .rooms(let rooms) = try await ask(.rooms(limit: limit)) else { throw UnexpectedAnswer() }
        return rooms
    }

    /// Looks for a text in a room's history, newest entries first; see ``SearchText`` for what it finds.
    /// - Parameters:
    ///   - before: where to go on, from the last answer; nil begins with the newest.
    ///   - limit: 1 to ``Limits/searchEntriesMax``.
    /// - Returns: `more` where older entries were not looked at yet, also with few or no entries: an edge looks at some
    ///   thousand for one request. `before` says then where to go on.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func search(
        _ room: RoomName, text: String, before: Position? = nil, limit: Int = Limits.searchEntriesDefault
    ) async throws -> (entries: [Entry], more: Bool, before: Position?) {
        let answer = try await ask(.search(room, text: text, before: before, limit: limit))
        guard case .found(let entries, let more, let before) = answer else { throw UnexpectedAnswer() }
        return (entries, more, before)
    }

    /// The user has read the room, which is joined, up to there. It may be called for every line: the edge is told about
    /// once a second, and again after a reconnect. Going back has no effect.
    public func markRead(_ room: RoomName, upTo position: Position) {
        driver.loop.execute { [driver] in driver.change { $0.markRead(room, upTo: position, at: $1) } }
    }

    /// Says what the room is about, in one line of at most ``Limits/topicBytesMax`` bytes; an empty text takes it away.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func setTopic(_ room: RoomName, _ topic: String) async throws {
        guard case .topic = try await ask(.topic(room, topic)) else { throw UnexpectedAnswer() }
    }

    /// The room that only this user and `user` may enter; ``join(_:since:limit:)`` it to talk there. The other one is
    /// told of it.
    /// - Parameter isGuest: the guest of that name is meant, on a server that has users with tokens too.
    /// - Returns: also whether it is a guest whom the server knows by that name.
    /// - Throws: ``WireError`` where no user can have that name, ``RequestError``, `CancellationError`.
    public func direct(with user: String, isGuest: Bool = false) async throws -> (room: RoomName, isGuest: Bool) {
        guard case .direct(let room, let isGuest) = try await ask(.direct(try UserName(user), isGuest: isGuest)) else {
            throw UnexpectedAnswer()
        }
        return (room, isGuest)
    }

    /// The user's direct rooms, the last active one first.
    /// - Parameter limit: 1 to ``Limits/directsListedMax``.
    /// - Throws: ``RequestError``, `CancellationError`.
    public func directs(limit: Int = Limits.directsListedDefault) async throws -> [DirectListing] {
        guard case .directs(let directs) = try await ask(.directs(limit: limit)) else { throw UnexpectedAnswer() }
        return directs
    }

    /// Ends the wait for the next try.
    public func reconnectNow() {
        driver.loop.execute { [driver] in driver.change { $0.retryNow(at: $1) } }
    }

    /// Says goodbye and waits until the connections are closed and the outbox's file is written.
    public func close() async {
        driver.loop.execute { [driver] in driver.change { $0.close(at: $1) } }
        try? await driver.whenOver.get()
        await outboxStore?.close()
    }

    /// Why no connection works, for the user's status line; nil while one does, and before the first try has failed.
    var trouble: String? {
        get async { try? await driver.loop.submit { [driver] in driver.trouble }.get() }
    }

    private func ask(_ kind: Request.Kind) async throws -> Answer {
        let (id, answer) = try await driver.loop.submit { [driver] in driver.request(kind) }.get()
        return try await withTaskCancellationHandler {
            try await answer.get()
        } onCancel: {
            driver.loop.execute { [driver] in driver.cancel(id) }
        }
    }
}

/// Why a message did not get into the outbox.
public enum SendError: Error, Sendable, Equatable {
    case invalid(WireError)
    /// Too many messages wait already.
    case outboxFull
}

/// An answer of another kind than the question: a bug of this module.
private struct UnexpectedAnswer: Error {}

/// The events of one session, each told once. A second loop goes on where the first one stopped; two at the same
/// time are a mistake.
public struct SessionEvents: AsyncSequence, Sendable {
    private let reader: Reader

    init(_ events: SessionDriver.Events) { reader = Reader(events.makeAsyncIterator()) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let reader: Reader
        public func next() async -> SessionEvent? { await reader.iterator.next() }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reader: reader) }

    /// The producer allows a single iterator, which is safe to use from any one task at a time.
    fileprivate final class Reader: @unchecked Sendable {
        let iterator: SessionDriver.Events.AsyncIterator
        init(_ iterator: SessionDriver.Events.AsyncIterator) { self.iterator = iterator }
    }
}
