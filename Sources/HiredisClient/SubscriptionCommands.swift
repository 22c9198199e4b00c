/// `SUBSCRIBE`. Each channel is confirmed by a reply of its own, so ``RedisSubscriptionLink`` alone sends it.
struct Subscribe {
    var channels: [String]

    var arguments: RESPCommand { RESPCommand("SUBSCRIBE", channels) }
}

/// `UNSUBSCRIBE`, confirmed like ``Subscribe``.
struct Unsubscribe {
    var channels: [String]

    var arguments: RESPCommand { RESPCommand("UNSUBSCRIBE", channels) }
}

/// What answers ``Subscribe`` and ``Unsubscribe``, once for each channel.
struct SubscriptionConfirmation {
    var isSubscribed: Bool
    var channel: String

    init(_ reply: RESPValue) throws(RedisError) {
        if case .error(let message) = reply { throw RedisError(.reply, message) }
        let parts = try reply.elements(3)
        switch try parts[0].text {
        case "subscribe": isSubscribed = true
        case "unsubscribe": isSubscribed = false
        default: throw RedisError(.protocolViolation, "The server sent what is neither a message nor a confirmation.")
        }
        channel = try parts[1].text
    }
}
