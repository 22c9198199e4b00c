import Foundation

/// What one run does, worked out from the flags.
struct Plan: Sendable {
    enum Dialect: Sendable {
        /// `termchat.v1`: hello, join, send; acknowledged.
        case termchat
        /// Any text message that comes is sent to every connection; the publisher writes ids itself.
        case bare
    }

    var targets: [Target]
    var path: String
    var dialect: Dialect
    var token: String?
    var connections: Int
    /// Further connections that join and then never read: what they do to the others is what a run shows.
    var stuck: Int
    var rooms: Int
    var publishers: Int
    /// Messages per second over all publishers; 0 publishes nothing.
    var rate: Double
    var bodyBytes: Int
    /// Connections opened per second.
    var ramp: Int
    var warmup: Duration
    var duration: Duration
    var threads: Int
    /// One delivery in so many has its latency taken.
    var sampleEvery: Int
    /// Makes this run's rooms and keys its own.
    let run = String(UInt32.random(in: .min ... .max), radix: 36)

    /// The measured time of a run that publishes from `from`, in nanoseconds of the monotonic clock.
    func measured(from: UInt64) -> Range<UInt64> {
        let start = from + warmup.nanoseconds
        return start..<(start + duration.nanoseconds)
    }

    func roomName(_ index: Int) -> String { "bench-\(run)-\(index)" }

    /// Those that read and those that do not.
    var connectionsOpened: Int { connections + stuck }

    /// Connections of the whole run in a room that read: they are dealt out in turn.
    func members(ofRoom index: Int) -> Int { connections / rooms + (index < connections % rooms ? 1 : 0) }
}

/// One server's address, resolved.
struct Target: Sendable {
    var address: sockaddr_in
    /// For the `Host` header.
    var authority: String
    var isLoopback: Bool { UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127 }

    /// Nil unless `url` is `ws://` with an IPv4 address or `localhost`, and a port.
    init?(url: String) {
        guard url.hasPrefix("ws://") else { return nil }
        let authority = url.dropFirst(5).prefix { $0 != "/" }
        let parts = authority.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1]) else { return nil }
        address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, parts[0] == "localhost" ? "127.0.0.1" : String(parts[0]), &address.sin_addr) == 1
        else {
            return nil
        }
        self.authority = String(authority)
    }
}

/// The bounds of a run: a load generator must end by itself.
enum BenchLimits {
    static let connectionsMax = 500_000
    static let rateMax = 1_000_000.0
    static let durationMax = Duration.seconds(3600)
    static let threadsMax = 64
    /// Connects under way per thread.
    static let connectingMax = 256
    /// Connections from one source address to one port: below the ephemeral ports that Linux gives out.
    static let connectionsPerSource = 25_000
    /// Bytes that the kernel keeps for a connection that does not read.
    static let stuckReceiveBufferBytes: CInt = 4096
    /// From the last connect of the ramp until every connection has joined.
    static let joinTimeout = Duration.seconds(30)
    /// After the last send, for what is still on its way.
    static let settleTimeout = Duration.seconds(10)
    /// Nothing came for this long: nothing more will.
    static let quiet = Duration.milliseconds(500)
    /// Live entries that one connection holds back while it pages through what it missed.
    static let heldMax = 100_000
    /// Bytes of the largest frame from a server.
    static let frameBytesMax = 4 << 20
    /// A lost connection comes back after this.
    static let reconnectAfter = Duration.milliseconds(200)
}

/// Nanoseconds of the monotonic clock.
enum Clock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Duration {
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
