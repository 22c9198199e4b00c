import DequeModule

/// Which channels are wanted and which the server has confirmed.
///
/// A channel has at most one command on its way, and its confirmation names it, so the two sides cannot drift apart:
/// a wish that changes meanwhile is looked at again when the confirmation comes. Commands are collected by
/// ``nextCommand()``; changes of mind before that cost nothing.
struct SubscriptionMachine {
    typealias Waiter = (Result<Void, RedisError>) -> Void

    enum Command: Equatable {
        case subscribe([String])
        case unsubscribe([String])
    }

    private enum Phase {
        /// The server does not send it.
        case off
        case subscribing
        case on
        case unsubscribing
    }

    private struct Subscription {
        var name: String
        /// Asked for before the others when a connection opens.
        var isFirst = false
        var phase = Phase.off
        var isWanted = true
        /// Stands in ``waiting`` for a command.
        var isQueued = false
        /// Was wanted when the connection opened, and is not confirmed on it yet.
        var isRestoring = false
        var waiters: [Waiter] = []
    }

    private let channelsMax: Int
    private let unconfirmedMax: Int
    private var subscriptions: [ChannelKey: Subscription] = [:]
    /// Channels whose wish and phase may differ, oldest first.
    private var waiting: Deque<ChannelKey> = []
    private var isConnected = false
    private var restoring = 0
    /// Commands' channels that the server has not confirmed.
    private(set) var unconfirmed = 0
    /// Confirmations ever received, to see whether any came since.
    private(set) var confirmations = 0

    init(limits: RedisLimits) {
        channelsMax = limits.channelsMax
        unconfirmedMax = limits.unconfirmedChannelsMax
    }

    /// Whether the server has confirmed all that was wanted when the connection opened.
    var isRestored: Bool { isConnected && restoring == 0 }

    /// The name of a channel that is wanted, for the bytes of it.
    func name(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard let subscription = subscriptions[ChannelKey(borrowing: bytes)], subscription.isWanted else { return nil }
        return subscription.name
    }

    /// The waiter is called here where the server sends the channel already, else it is returned by a later event: who is
    /// told calls back, which must find this value at rest.
    mutating func subscribe(_ channel: String, isFirst: Bool = false, _ waiter: @escaping Waiter) {
        let key = ChannelKey(channel)
        guard var subscription = subscriptions[key] else {
            guard subscriptions.count < channelsMax else {
                return waiter(
                    .failure(RedisError(.overloaded, "\(channelsMax) channels are subscribed; no more are taken.")))
            }
            subscriptions[key] = Subscription(name: channel, isFirst: isFirst, waiters: [waiter])
            return enqueue(key)
        }
        subscription.isWanted = true
        guard subscription.phase != .on else {
            subscriptions[key] = subscription
            return waiter(.success(()))
        }
        subscription.waiters.append(waiter)
        subscriptions[key] = subscription
        enqueue(key)
    }

    /// An unknown channel is a harmless race.
    /// - Returns: who still waits for the subscription, to be told `.unsubscribed`.
    mutating func unsubscribe(_ channel: String) -> [Waiter] {
        let key = ChannelKey(channel)
        guard var subscription = subscriptions[key] else { return [] }
        let waiters = subscription.waiters
        subscription.isWanted = false
        subscription.waiters = []
        finishRestoring(&subscription)
        subscriptions[key] = subscription
        settle(key)
        return waiters
    }

    /// A connection passed its handshake; the server has no subscription of ours.
    mutating func connected() {
        isConnected = true
        var others: [ChannelKey] = []
        for (key, subscription) in subscriptions {
            subscriptions[key]?.isRestoring = true
            restoring += 1
            if subscription.isFirst { enqueue(key) } else { others.append(key) }
        }
        for key in others { enqueue(key) }
    }

    /// The connection is gone; what is wanted stays, and its waiters wait on.
    mutating func disconnected() {
        isConnected = false
        restoring = 0
        unconfirmed = 0
        waiting.removeAll()
        subscriptions = subscriptions.filter(\.value.isWanted).mapValues { kept in
            Subscription(name: kept.name, isFirst: kept.isFirst, waiters: kept.waiters)
        }
    }

    /// Forgets every channel and answers who waited.
    mutating func stopped() -> [Waiter] {
        let waiters = subscriptions.values.flatMap(\.waiters)
        disconnected()
        subscriptions = [:]
        return waiters
    }

    /// What to send next; nil where nothing is to be sent, or nothing before more is confirmed.
    mutating func nextCommand() -> Command? {
        guard isConnected else { return nil }
        var names: [String] = []
        var target = Phase.off
        while unconfirmed < unconfirmedMax, let key = waiting.first {
            guard let phase = commandPhase(key) else {
                waiting.removeFirst()
                subscriptions[key]?.isQueued = false
                settle(key)
                continue
            }
            guard names.isEmpty || phase == target else { break }
            target = phase
            waiting.removeFirst()
            unconfirmed += 1
            subscriptions[key]?.isQueued = false
            subscriptions[key]?.phase = phase
            names.append(subscriptions[key]?.name ?? "")
        }
        guard !names.isEmpty else { return nil }
        return target == .subscribing ? .subscribe(names) : .unsubscribe(names)
    }

    /// The server says that a channel is subscribed or not any more.
    /// - Returns: the waiters to tell that the channel is confirmed.
    mutating func confirmed(isSubscribed: Bool, _ channel: String) throws(RedisError) -> [Waiter] {
        let key = ChannelKey(channel)
        guard var subscription = subscriptions[key],
            subscription.phase == (isSubscribed ? .subscribing : .unsubscribing)
        else { throw RedisError(.protocolViolation, "The server confirmed a subscription that was not asked for.") }
        unconfirmed -= 1
        confirmations += 1
        subscription.phase = isSubscribed ? .on : .off
        var waiters: [Waiter] = []
        if isSubscribed {
            finishRestoring(&subscription)
            swap(&waiters, &subscription.waiters)
        }
        subscriptions[key] = subscription
        settle(key)
        return waiters
    }

    /// The phase that a command for the channel begins; nil where none is needed, or not yet.
    private func commandPhase(_ key: ChannelKey) -> Phase? {
        guard let subscription = subscriptions[key] else { return nil }
        switch (subscription.phase, subscription.isWanted) {
        case (.off, true): return .subscribing
        case (.on, false): return .unsubscribing
        case (.off, false), (.on, true), (.subscribing, _), (.unsubscribing, _): return nil
        }
    }

    /// Queues a command where one is needed; forgets a channel that nobody wants and the server does not send.
    private mutating func settle(_ key: ChannelKey) {
        guard let subscription = subscriptions[key] else { return }
        if subscription.phase == .off, !subscription.isWanted, !subscription.isQueued {
            subscriptions[key] = nil
        } else {
            enqueue(key)
        }
    }

    private mutating func enqueue(_ key: ChannelKey) {
        guard isConnected, commandPhase(key) != nil, subscriptions[key]?.isQueued == false else { return }
        subscriptions[key]?.isQueued = true
        waiting.append(key)
    }

    private mutating func finishRestoring(_ subscription: inout Subscription) {
        guard subscription.isRestoring else { return }
        subscription.isRestoring = false
        restoring -= 1
    }
}
