import ChatCore
import ChatWire
public import Logging
import NIOCore
public import ServerKit
public import WebSocketServer

/// The settings of `termchat-edge` under their outside names, and what they come to.
public struct EdgeKeys {
    public static let listen = Setting.hostPort(
        "listen", default: HostPort(host: "127.0.0.1", port: 8080),
        help: "Address for clients; port 0 takes any free one.")
    public static let admin = Setting.hostPort(
        "admin", default: HostPort(host: "127.0.0.1", port: 9090),
        help: "Address for operators: /healthz, /readyz, /metrics.")
    public static let redis = Setting.string(
        "redis", default: "redis://127.0.0.1:6379", unit: "URL",
        help: "redis://, rediss:// or unix:// URL of the Redis that the nodes share.")
    public static let broker = Setting.choice(
        "broker", default: "redis", of: ["redis", "memory"], help: "memory: one node without Redis.")
    public static let node = Setting.string(
        "node", default: "edge", unit: "NAME", help: "The node's name, shown to people; A-Z a-z 0-9 . _ -")
    public static let guests = Setting.guests()
    public static let tokenKey = Setting.tokenKey()
    public static let tokenAudience = Setting.tokenAudience()
    public static let tokenIssuer = Setting.tokenIssuer()
    public static let sendsPerSecond = Setting.double(
        "sends-per-second", default: 5.0 / 3, in: 0.01...1_000_000, unit: "1/s",
        help: "Messages per second and connection; three seconds' worth may come at once.")
    public static let requestsPerSecond = Setting.double(
        "requests-per-second", default: 50, in: 1...1_000_000, unit: "1/s",
        help: "Other frames per second and connection; four seconds' worth may come at once.")
    public static let queueEntries = Setting.int(
        "queue-entries", default: 256, in: 1...65_536, unit: "entries",
        help: "Entries that may wait for one connection before a room is paused for it.")
    public static let queueBytes = Setting.int(
        "queue-bytes", default: 1 << 20, in: 65_536...(1 << 30), unit: "bytes",
        help: "Bytes that may wait for one connection before a room is paused for it.")
    public static let historyEntries = Setting.int(
        "history-entries", default: 10_000, in: 1...10_000_000, unit: "entries", help: "Entries kept per room.")
    public static let historyAge = Setting.seconds(
        "history-age", default: 604_800, in: 60...315_360_000, help: "Age after which entries are dropped.")
    public static let graceSeconds = Setting.seconds(
        "grace-seconds", default: 10, in: 0...3600,
        help: "How long a lost connection may be resumed before its rooms hear of it.")
    public static let slowSeconds = Setting.seconds(
        "slow-seconds", default: 30, in: 1...3600, help: "How long a slow consumer may leave a paused room unused.")
    public static let pingSeconds = Setting.seconds(
        "ping-seconds", default: 25, in: 1...3600,
        help: "Silence after which a connection is pinged; proxies between must wait longer.")
    public static let stopSeconds = Setting.seconds(
        "stop-seconds", default: 5, in: 0.1...3600, help: "From SIGTERM to the end of the process, whatever happens.")
    public static let drainSeconds = Setting.seconds(
        "drain-seconds", default: 3, in: 0...3600, help: "Clients are moved away over this time after SIGTERM.")
    public static let allowedOrigins = Setting.list(
        "allowed-origins", unit: "ORIGIN,…", help: "Web origins that may connect; programs send none and always may.")
    public static let trustedProxies = Setting.trustedProxies()
    public static let proxyProtocol = Setting.toggle(
        "proxy-protocol", default: false, help: "Connections from trusted proxies begin with a PROXY header.")
    public static let maxConnections = Setting.int(
        "max-connections", default: 50_000, in: 1...1_000_000, unit: "connections",
        help: "Accepting pauses here, or where the file descriptors end.")
    public static let connectionsPerAddress = Setting.int(
        "connections-per-address", default: 10_000, in: 0...1_000_000, unit: "connections",
        help: "Connections of one client address; 0 is no limit.")
    public static let connectsPerSecond = Setting.double(
        "connects-per-second", default: 200, in: 0...1_000_000, unit: "1/s",
        help: "New connections of one client address; ten seconds' worth may come at once; 0 is no limit.")
    public static let sessionsPerUser = Setting.int(
        "sessions-per-user", default: 100, in: 0...1_000_000, unit: "sessions",
        help: "Connections that speak for one user with a token; 0 is no limit.")
    public static let limitsExempt = Setting.list(
        "limits-exempt", unit: "CIDR,…", help: "Client addresses that the limits per address are not for.")
    public static let threads = Setting.threads()
    public static let config = Setting.configFile()
    public static let logLevel = Setting.logLevel()
    public static let logFormat = Setting.logFormat()

    /// Every setting, for the reader and for docs/configuration.md.
    public static let descriptions: [SettingDescription] = [
        listen.description, admin.description, redis.description, broker.description, node.description,
        guests.description, tokenKey.description, tokenAudience.description, tokenIssuer.description,
        sendsPerSecond.description, requestsPerSecond.description,
        queueEntries.description, queueBytes.description, historyEntries.description, historyAge.description,
        graceSeconds.description, slowSeconds.description, pingSeconds.description, stopSeconds.description,
        drainSeconds.description,
        allowedOrigins.description, trustedProxies.description, proxyProtocol.description,
        maxConnections.description, connectionsPerAddress.description, connectsPerSecond.description,
        sessionsPerUser.description, limitsExempt.description, threads.description,
        config.description, logLevel.description, logFormat.description,
    ]

    /// Reads what an ``EdgeServer`` needs and checks the settings against each other.
    public static func read(_ reader: SettingsReader) throws(SettingsError) -> (EdgeSettings, WebSocketServerSettings) {
        var edge = EdgeSettings()
        edge.node = try reader.value(of: node)
        try reader.check(NodeID.isName(edge.node), "--node is 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-'.")
        edge.allowsGuests = try reader.value(of: guests)
        let hasKey = try reader.value(of: tokenKey) != nil
        try reader.check(
            edge.allowsGuests || hasKey,
            "Nobody could sign in: give --token-key FILE, or --guests to let people in without a token.")
        edge.sendsPerSecond = try reader.value(of: sendsPerSecond)
        edge.requestsPerSecond = try reader.value(of: requestsPerSecond)
        edge.queueEntries = try reader.value(of: queueEntries)
        edge.queueBytes = try reader.value(of: queueBytes)
        edge.grace = TimeAmount(try reader.value(of: graceSeconds))
        edge.session.slowTimeout = TimeAmount(try reader.value(of: slowSeconds))
        edge.pingInterval = TimeAmount(try reader.value(of: pingSeconds))
        edge.drain = TimeAmount(try reader.value(of: drainSeconds))
        edge.stop = TimeAmount(try reader.value(of: stopSeconds))
        try reader.check(edge.drain <= edge.stop, "--drain-seconds must not be greater than --stop-seconds.")
        edge.connectionsPerAddress = try reader.value(of: connectionsPerAddress)
        edge.connectsPerSecond = try reader.value(of: connectsPerSecond)
        edge.sessionsPerUser = try reader.value(of: sessionsPerUser)
        // Whoever is on the machine itself: a proxy that was not named, a load test, a probe.
        edge.limitsExempt =
            try ["127.0.0.0/8", "::1"].compactMap { try? AddressRange($0) } + ranges(reader, limitsExempt)
        return (edge, try socketSettings(reader))
    }

    private static func socketSettings(_ reader: SettingsReader) throws(SettingsError) -> WebSocketServerSettings {
        var socket = WebSocketServerSettings()
        let address = try reader.value(of: listen)
        socket.host = address.host
        socket.port = address.port
        socket.paths = EdgeApplication.paths
        socket.allowedOrigins = Set(try reader.value(of: allowedOrigins))
        socket.limits.messageBytesMax = Limits.messageBytesRead
        socket.deadlines.pingInterval = try reader.value(of: pingSeconds)
        socket.limits.connectionsMax = try reader.value(of: maxConnections)
        // Above the mark that pauses a room, so that a slow consumer is paused, not cut.
        socket.limits.outboundBytesMax = max(socket.limits.outboundBytesMax, try reader.value(of: queueBytes) * 4)
        socket.trustedProxies = try ranges(reader, trustedProxies)
        socket.expectsProxyHeader = try reader.value(of: proxyProtocol)
        try reader.check(
            !socket.expectsProxyHeader || !socket.trustedProxies.isEmpty, "--proxy-protocol needs --trusted-proxies.")
        return socket
    }

    private static func ranges(
        _ reader: SettingsReader, _ setting: Setting<[String]>
    ) throws(SettingsError) -> [AddressRange] {
        try reader.items(of: setting, otherwise: "is no address range such as 10.0.0.0/8") { try? AddressRange($0) }
    }
}
