public import ChatCore
public import NIOCore
import ServerKit
public import WebSocketServer

/// Typed settings of one edge; docs/configuration.md gives each key, its unit and its default.
public struct EdgeSettings: Sendable {
    /// The operator's name for the node.
    public var node = "edge"
    public var version = ServerVersion.text
    public var allowsGuests = false
    /// `send` frames per second and connection, on average; three seconds' worth may come at once.
    public var sendsPerSecond = 5.0 / 3
    /// Frames other than `send` per second and connection; four seconds' worth may come at once.
    public var requestsPerSecond = 50.0
    /// Entries that may wait for one connection before its rooms are paused (`slow`).
    public var queueEntries = 256
    /// Bytes that may wait for one connection.
    public var queueBytes = 1 << 20
    /// How long a lost connection's session may come back before its rooms are told `lost`.
    public var grace = TimeAmount.seconds(10)
    /// Client moves are spread over this time after SIGTERM.
    public var drain = TimeAmount.seconds(3)
    /// From SIGTERM to the end, whatever happens.
    public var stop = TimeAmount.seconds(5)
    /// Connections at once of one client address (IPv6: of one /64); 0 is no limit.
    public var connectionsPerAddress = 10_000
    /// New connections per second of one client address, on average; 0 is no limit.
    public var connectsPerSecond = 200.0
    /// Connections at once that speak for one user with a token; 0 is no limit.
    public var sessionsPerUser = 100
    /// Client addresses that no limit per address is for.
    public var limitsExempt: [AddressRange] = []
    public var pingInterval = TimeAmount.seconds(25)
    public var session = SessionMachine.Settings()

    public init() {}

    /// How long a drain is to take that an operator wants to take so many seconds, at most ``stop``; nil where that is no time.
    func drainTime(asked seconds: Double) -> TimeAmount? {
        guard seconds >= 0 else { return nil }
        return seconds * 1e9 < Double(stop.nanoseconds) ? .nanoseconds(Int64(seconds * 1e9)) : stop
    }

    /// `termchat/0.1.0`, as `welcome` and the `Server` header say it.
    public var serverText: String { "termchat/\(version)" }
}

/// Bounds inside one edge that operators need not know.
enum EdgeLimits {
    /// JSON bytes of the entries in one `joined` or `history`; a longer page is cut with `more`.
    static let pageBytesMax = 512 * 1024
    /// How often a join asks the history again because live entries overtook its page.
    static let joinReadsMax = 3
    /// From a `claim` to the answer of the node that has the session; the session is new after that.
    static let claimTimeout = TimeAmount.seconds(1)
    /// Claims that may wait for other nodes.
    static let claimsMax = 10_000
    /// How often deadlines of sessions and rooms are looked at.
    static let sweepInterval = TimeAmount.milliseconds(250)
    /// Between two counts told to a room of more than ``Limits/membersListedMax`` members.
    static let countInterval = TimeAmount.seconds(1)
    /// Between two `typing` of one session in one room that are passed on.
    static let typingInterval = TimeAmount.seconds(2)
    /// Frames of one connection that wait for an earlier one; reading stops at the mark and goes on below it.
    static let deferredFramesMax = 64
    /// What clients may have the broker read at one time, in short pages and rooms: eleven pages of 1000 entries, or one
    /// list of 100 rooms, each of which is some questions. More would go ahead of probes and lease renewals, which would
    /// take the node for one without a link.
    static let readWeightMax = 128
    /// What a `who` of a room without sessions here counts there: the whole of its members.
    static let whoWeight = 10
    /// Pages of searches that are read or looked through at one time: each may be a megabyte, and one thread looks through
    /// them, so that more would only wait there.
    static let searchedPagesMax = 4
    /// Reads that wait for their turn; more are refused with `unavailable`.
    static let readsWaitingMax = 4096
    /// Rooms that are looked at for one who may read some.
    static let roomsLookedAtMax = 1000
    /// Sessions of a room above which presence is told by the count, as few users as they may be: each change of each
    /// session would be told to each.
    static let sessionsListedMax = 1000
    /// Bytes of a batch above which a room's tail keeps copies of its entries.
    static let tailSliceOfMax = 256 * 1024
    /// How long a node that stops waits for the broker to take its leaves and its lease.
    static let farewellMax = TimeAmount.milliseconds(500)
    /// From a list that lacks members of other nodes to the one that counts. A broker that lost its data gets them back when
    /// their node renews its lease, which each does within two seconds.
    static let rosterCheckDelay = TimeAmount.seconds(3)
    /// Between two offers of a direct room in which something is said.
    static let offerInterval = TimeAmount.seconds(1)
    /// Departures that wait for the broker to come back.
    static let departuresMax = 100_000
}
