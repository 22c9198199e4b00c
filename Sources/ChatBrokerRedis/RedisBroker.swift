public import ChatBroker
public import ChatWire
import HiredisClient
public import Logging
public import NIOCore

/// ``Broker``, ``PresenceStore`` and ``NodeRegistry`` over one Redis server, on one event loop with two links: one for
/// commands, one for subscriptions.
///
/// With a node it has an inbox, probes its links through it, and after ``register(_:)`` holds a lease and reaps others.
/// Without one (`termchat-ctl`) it reads, publishes and subscribes, and leaves no trace of itself; where it probes, over a
/// channel of its own.
public final class RedisBroker: @unchecked Sendable {
    public let eventLoop: any EventLoop
    let settings: RedisBrokerSettings
    let node: NodeID?
    let keyspace: Keyspace
    /// Where the node hears others, and its own probes.
    private let inbox: String
    let links: LinkMonitor
    private let logger: Logger

    let lease: NodeLease?
    private let reaper: NodeReaper?
    private(set) var drafts: RoomWriter<PendingDraft>
    private(set) var changes: RoomWriter<PendingChange>
    let listing: MemberListing
    var own = OwnMembers()
    private var activity: RoomActivity
    private var channels: [String: RoomName] = [:]
    private weak var receiver: (any BrokerReceiver)?
    private var nextTrim = NIODeadline.now()
    private var hasLoggedGarbage = false

    /// How often the longest silent rooms are dropped from the index.
    private static let trimInterval = TimeAmount.minutes(10)

    /// - Throws: ``BrokerError`` where the settings contradict each other.
    public init(
        settings: RedisBrokerSettings, node: NodeID?, on eventLoop: any EventLoop, logger: Logger
    ) throws(BrokerError) {
        try settings.check()
        var redis = settings.redis
        if redis.clientName == nil { redis.clientName = node?.value }
        let keyspace = Keyspace(prefix: settings.prefix, database: redis.database)
        redis.readinessKey = keyspace.nodes
        inbox = node.map(keyspace.inbox) ?? keyspace.probe(.random(in: .min ... .max))
        let links = LinkMonitor(
            settings: redis, inbox: settings.probes ? inbox : nil, timing: settings.timing,
            eventLoop: eventLoop, logger: logger)
        self.settings = settings
        self.node = node
        self.eventLoop = eventLoop
        self.keyspace = keyspace
        self.links = links
        self.logger = logger
        lease = node.map {
            NodeLease(node: $0, keyspace: keyspace, timing: settings.timing, links: links, logger: logger)
        }
        reaper = node.map {
            NodeReaper(node: $0, keyspace: keyspace, settings: settings, links: links, logger: logger)
        }
        activity = RoomActivity(interval: TimeAmount(settings.timing.activity))
        drafts = RoomWriter(eventLoop: eventLoop, limits: settings.limits.drafts, retryFor: settings.timing.retryFor) {
            room, writes in
            links.scripts.run(
                PublishBatch(
                    room: room, drafts: writes.map(\.draft), keyspace: keyspace, bounds: settings.history,
                    lastIDMilliseconds: settings.timing.lastID.milliseconds))
        }
        let listing = MemberListing(node: node, keyspace: keyspace, settings: settings, links: links, lease: lease)
        self.listing = listing
        // After the backstop's time nothing is left that a change could be about.
        changes = RoomWriter(
            eventLoop: eventLoop, limits: settings.limits.presence, retryFor: settings.timing.backstop,
            prepare: { batches in listing.list(batches.lazy.filter(\.mayAddMembers).map(\.room)) }
        ) { room, writes in
            links.scripts.run(
                ApplyPresence(
                    room: room, changes: writes.map(\.change), keyspace: keyspace,
                    backstopMilliseconds: settings.timing.backstop.milliseconds))
        }
    }

    /// Starts renewing, and looking after the other nodes.
    func startReaping() { reaper?.start() }

    func stopReaping() { reaper?.stop() }

    /// Records that something happened in the room at `time`, Redis' clock.
    func noteActivity(in room: RoomName, _ time: UInt64) {
        // What two say to each other is nobody else's matter.
        guard !room.isDirect, let time = activity.noted(room, time, at: .now()) else { return }
        writeActivity(room, time)
    }

    private func writeActivity(_ room: RoomName, _ time: UInt64) {
        _ = links.commands.send(RankedAdd(key: keyspace.rooms, member: room.value, score: time))
    }
}

extension RedisBroker: Broker {
    public func start(_ receiver: any BrokerReceiver) {
        self.receiver = receiver
        links.onStateChange = { [weak self] in self?.linkChanged(to: $0) }
        links.onTick = { [weak self] in self?.ticked() }
        links.onLeaseWanted = { [weak self] in self?.lease?.take() }
        // Who cannot renew its own lease does not judge others by theirs; afterwards they get time to renew theirs.
        lease?.onRefusal = { [weak self] isRefused in
            guard let self else { return }
            reaper?.linkChanged(isUp: !isRefused && links.isUp)
        }
        lease?.onRenewed = { [weak self] in
            guard let self else { return }
            listing.renewBackstops(&own)
        }
        links.subscriptions.onMessages = { [weak self] in self?.received($0) }
        if node != nil {
            // First, because other nodes take a node whose inbox has no listener for a dead one.
            _ = links.subscriptions.subscribe(inbox, isFirst: true)
            _ = links.subscriptions.subscribe(keyspace.control, isFirst: true)
        } else if settings.probes {
            _ = links.subscriptions.subscribe(inbox, isFirst: true)
        }
        links.start()
    }

    public func stop() -> EventLoopFuture<Void> {
        receiver = nil
        lease?.stop()
        reaper?.stop()
        drafts.stop()
        changes.stop()
        return links.stop()
    }

    public func publish(_ draft: Draft, to room: RoomName) -> EventLoopFuture<Receipt> {
        let promise = eventLoop.makePromise(of: Receipt.self)
        drafts.write(PendingDraft(draft: draft, promise: promise), to: room)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] receipt in
            guard !receipt.isDuplicate else { return }
            self?.noteActivity(in: room, receipt.id.milliseconds)
        }
        return promise.futureResult
    }

    public func subscribe(to room: RoomName) -> EventLoopFuture<Void> {
        let channel = keyspace.live(room)
        channels[channel] = room
        return links.subscriptions.subscribe(channel).flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    public func unsubscribe(from room: RoomName) {
        let channel = keyspace.live(room)
        channels[channel] = nil
        links.subscriptions.unsubscribe(channel)
    }

    public func history(of room: RoomName, _ query: HistoryQuery) -> EventLoopFuture<HistoryPage> {
        links.scripts.run(ReadHistory(room: room, query: query, keyspace: keyspace))
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    public var linkTrouble: String? { links.trouble }

    public func typing(_ user: UserName, session: SessionID, in room: RoomName) {
        guard links.isUp else { return }
        let payload = LivePayload.typing(user, session: session)
        _ = links.commands.send(Publish(channel: keyspace.live(room), payload: payload))
    }
}

extension RedisBroker {
    private func linkChanged(to state: LinkState) {
        let isUp = state == .up
        if isUp { listing.list(own.rooms) }
        drafts.linkChanged(isUp: isUp)
        changes.linkChanged(isUp: isUp)
        reaper?.linkChanged(isUp: isUp)
        receiver?.linkChanged(to: state)
    }

    private func ticked() {
        drafts.retry()
        changes.retry()
        guard links.isUp else { return }
        let now = NIODeadline.now()
        for (room, time) in activity.ticked(at: now) { writeActivity(room, time) }
        guard now >= nextTrim else { return }
        nextTrim = now + Self.trimInterval
        _ = links.commands.send(RankedTrim(key: keyspace.rooms, count: settings.limits.roomsIndexedMax))
    }

    private func received(_ messages: [ChannelMessage]) {
        var batch = DeliveryBatch()
        for message in messages {
            guard let room = channels[message.channel] else {
                receivedInbox(message)
                continue
            }
            guard let events = LivePayload.events(in: message.payload) else {
                logGarbage(message)
                continue
            }
            for event in events {
                if case .presence(let change) = event { forgetTakenOver(change, in: room) }
                batch.append(event, in: room)
            }
        }
        guard !batch.isEmpty else { return }
        receiver?.received(batch.take())
    }

    private func receivedInbox(_ message: ChannelMessage) {
        // A message of a room that was just unsubscribed is a harmless race.
        guard message.channel == inbox || message.channel == keyspace.control else { return }
        switch InboxPayload(message.payload, bytesMax: settings.limits.nodeMessageBytesMax) {
        case .probe(let nonce): links.echoed(nonce)
        case .message(let message): receiver?.received(message)
        case nil: logGarbage(message)
        }
    }

    /// Once: whoever writes garbage writes much of it.
    private func logGarbage(_ message: ChannelMessage) {
        guard !hasLoggedGarbage else { return }
        hasLoggedGarbage = true
        logger.warning(
            "ignored what is no payload of a known version; more of it is not logged",
            metadata: ["channel": "\(message.channel)", "bytes": "\(message.payload.readableBytes)"])
    }
}
