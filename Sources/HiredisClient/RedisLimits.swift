/// What one link holds at most.
public struct RedisLimits: Sendable, Hashable {
    /// Commands that wait for their reply; more are refused with ``RedisError/Code-swift.enum/overloaded``.
    public var pendingCommandsMax = 16_384
    /// Bytes of the commands that wait for their reply; more are refused like too many commands.
    public var pendingBytesMax = 64 << 20
    /// Bytes of one reply or message. A server that sends more is disconnected; the largest page of history is about 10 MiB.
    public var replyBytesMax = 64 << 20
    /// Values in one reply, nested ones too, so that a few bytes cannot ask for gigabytes. A server that sends more is disconnected.
    public var replyElementsMax = 1 << 20
    /// Channels that one subscription link keeps; more are refused with ``RedisError/Code-swift.enum/overloaded``.
    public var channelsMax = 1 << 20
    /// Channels whose confirmation is awaited at a time. Redis buffers the confirmations: a million at once
    /// exceed its default output limit for subscribers (32 MiB), and it cuts the link.
    public var unconfirmedChannelsMax = 1_000

    public init() {}
}
