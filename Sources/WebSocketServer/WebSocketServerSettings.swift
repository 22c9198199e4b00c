import NIOCore

/// What a server listens on, whom it believes and the bound of everything a stranger can make it hold or wait for.
public struct WebSocketServerSettings: Sendable {
    /// Where to listen; port 0 takes any free one.
    public var host = "127.0.0.1"
    public var port = 8080
    /// Connections that the kernel keeps while we are not accepting.
    public var backlog = 1024
    /// Request paths that may upgrade; any other is 404. Empty: the application decides.
    public var paths: Set<String> = []
    /// Values of `Origin` that browsers may connect from (`https://chat.example`). Terminals send none and may always.
    public var allowedOrigins: Set<String> = []
    /// Peers whose `X-Forwarded-For` and PROXY header are believed.
    public var trustedProxies: [AddressRange] = []
    /// Whether connections from ``trustedProxies`` begin with a PROXY protocol header (v1 or v2).
    public var expectsProxyHeader = false

    public var limits = Limits()
    public var deadlines = Deadlines()

    public init() {}

    public struct Limits: Sendable {
        /// Connections at once, those still shaking hands included. Lowered at start to what RLIMIT_NOFILE leaves.
        public var connectionsMax = 50_000
        /// Descriptors left for everything else in the process when ``connectionsMax`` is lowered.
        public var descriptorsReserved = 256
        /// Bytes of one message over all fragments; more is close code 1009.
        public var messageBytesMax = 32 * 1024
        /// Fragments of one message, empty ones included; more is close code 1008.
        public var fragmentsMax = 64
        /// Memory for messages not yet complete, over all connections. The connection that passes it is closed with 1013.
        public var unfinishedBytesMax = 64 * 1024 * 1024
        /// Bytes of all header fields and of the request target; more is 431.
        public var headerBytesMax = 16 * 1024
        public var headerFieldsMax = 64
        /// Items of the query; more is 400.
        public var queryItemsMax = 16
        /// Bytes waiting for one connection above which it is not read from until it has read (``outboundBytesLow``).
        public var outboundBytesHigh = 64 * 1024
        public var outboundBytesLow = 32 * 1024
        /// Bytes waiting for one connection above which it is reset. An application stays below it by looking at
        /// ``WebSocketConnection/hasRoom(bytes:frames:)`` before it writes.
        public var outboundBytesMax = 4 * 1024 * 1024
        /// Frames waiting for one connection above which it is reset; a frame costs memory beside its bytes.
        public var outboundFramesMax = 16 * 1024

        public init() {}
    }

    public struct Deadlines: Sendable {
        /// From accept to the end of the request's header fields (408 after it).
        public var headers: Duration = .seconds(5)
        /// From a message's first byte to its last.
        public var message: Duration = .seconds(10)
        /// From our Close to the peer's, or from an HTTP answer to the peer's end; then the connection is cut.
        public var close: Duration = .seconds(2)
        /// Silence after which a connection is sent a Ping; each time up to a fifth sooner, so that they spread.
        public var pingInterval: Duration = .seconds(25)
        /// Silence after a Ping that ends the connection.
        public var pong: Duration = .seconds(20)
        /// The close code for it.
        public var pongMissed = CloseStatus(rawValue: 4003)
        /// How often deadlines are looked at; they are late by at most this.
        public var sweep: Duration = .milliseconds(250)

        public init() {}
    }

    /// Refuses settings that contradict each other, in words that name both.
    func validate() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw WebSocketServerError(.invalidSetting, message) }
        }
        try require(0...65535 ~= port, "port \(port) is not a TCP port")
        try require(limits.connectionsMax > 0, "connectionsMax must be above 0")
        try require(limits.messageBytesMax > 0 && limits.fragmentsMax > 0, "message limits must be above 0")
        try require(
            limits.unfinishedBytesMax >= limits.messageBytesMax,
            "unfinishedBytesMax must hold a message (messageBytesMax)")
        try require(
            0 < limits.outboundBytesLow && limits.outboundBytesLow <= limits.outboundBytesHigh
                && limits.outboundBytesHigh < limits.outboundBytesMax,
            "outbound limits must rise: 0 < outboundBytesLow <= outboundBytesHigh < outboundBytesMax")
        try require(deadlines.sweep > .zero, "sweep must be above 0")
        try require(!expectsProxyHeader || !trustedProxies.isEmpty, "expectsProxyHeader needs trustedProxies")
    }
}
