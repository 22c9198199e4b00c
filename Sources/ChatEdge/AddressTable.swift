import ChatCore
import NIOCore
import WebSocketServer

/// What each client address has and does at the door: its connections, how fast it comes, its refused tokens. No lock
/// and no clock; ``Gatekeeper`` has both.
struct AddressTable {
    struct Limits: Sendable, Equatable {
        /// Connections at once; 0 is no limit.
        var connections: Int
        /// New connections per second, on average; 0 is no limit.
        var connectsPerSecond: Double
    }

    enum Verdict: Equatable {
        case admitted
        case refused(retryAfter: TimeAmount)
    }

    private struct Record {
        var connections = 0
        var connects: TokenBucket
        var lastSeen: NIODeadline
        var failures = 0
        var lastFailure = NIODeadline.uptimeNanoseconds(0)
        var blockedUntil = NIODeadline.uptimeNanoseconds(0)
    }

    /// Seconds' worth of connects that may come at once: a building whose network comes back.
    static let connectsBurstSeconds = 10.0
    /// When to try again where all connections of the address are in use.
    static let connectionsRetry = TimeAmount.seconds(10)
    /// Refused tokens that lead to nothing: people mistype, and many share an address.
    static let failuresFree = 10
    /// Refused tokens count together while none is older than this before the next.
    static let failuresMemory = TimeAmount.seconds(300)
    static let blockMax = TimeAmount.seconds(60)
    /// Addresses remembered. When there is no room, those without connections and without anything fresh are forgotten; one
    /// that still does not fit is let in uncounted: that takes a flood from as many networks, which `max-connections` bounds.
    static let addressesMax = 100_000

    private let limits: Limits
    private var records: [ClientAddress: Record] = [:]
    private var nextCleaning = NIODeadline.uptimeNanoseconds(0)

    init(limits: Limits) { self.limits = limits }

    var count: Int { records.count }

    /// Counts a connection in, unless a limit is reached.
    mutating func arrived(_ address: ClientAddress, at now: NIODeadline) -> Verdict {
        guard var record = record(of: address, at: now) else { return .admitted }
        defer { records[address] = record }
        record.lastSeen = now
        if now < record.blockedUntil { return .refused(retryAfter: record.blockedUntil - now) }
        if limits.connections > 0, record.connections >= limits.connections {
            return .refused(retryAfter: Self.connectionsRetry)
        }
        if limits.connectsPerSecond > 0, let milliseconds = record.connects.take(now: now) {
            return .refused(retryAfter: .milliseconds(Int64(milliseconds)))
        }
        record.connections += 1
        return .admitted
    }

    /// A connection that was counted in is gone.
    mutating func left(_ address: ClientAddress) {
        guard let connections = records[address]?.connections, connections > 0 else { return }
        records[address]?.connections = connections - 1
    }

    /// A token from there was not accepted: after a few, each doubles the time for which nobody from there is let in.
    mutating func tokenRefused(_ address: ClientAddress, at now: NIODeadline) {
        guard var record = record(of: address, at: now) else { return }
        if now - record.lastFailure > Self.failuresMemory { record.failures = 0 }
        record.failures += 1
        record.lastFailure = now
        let doublings = record.failures - Self.failuresFree
        if doublings > 0 {
            record.blockedUntil = now + min(Self.blockMax, .seconds(1 << Int64(min(doublings - 1, 16))))
        }
        records[address] = record
    }

    /// Somebody there has good tokens: the bad ones were a mistake.
    mutating func tokenAccepted(_ address: ClientAddress) {
        guard let failures = records[address]?.failures, failures > 0 else { return }
        records[address]?.failures = 0
        records[address]?.blockedUntil = .uptimeNanoseconds(0)
    }

    /// Nil where there is no room for one more address.
    private mutating func record(of address: ClientAddress, at now: NIODeadline) -> Record? {
        if let record = records[address] { return record }
        if records.count >= Self.addressesMax { clean(at: now) }
        guard records.count < Self.addressesMax else { return nil }
        return Record(
            connects: TokenBucket(
                perSecond: max(limits.connectsPerSecond, 0.001),
                burst: max(1, limits.connectsPerSecond * Self.connectsBurstSeconds), now: now), lastSeen: now)
    }

    /// Forgets whoever has nothing that counts; at most once a second, as it looks at all.
    private mutating func clean(at now: NIODeadline) {
        guard now >= nextCleaning else { return }
        nextCleaning = now + .seconds(1)
        let refill = TimeAmount.nanoseconds(Int64(Self.connectsBurstSeconds * 1e9))
        records = records.filter { _, record in
            record.connections > 0 || now - record.lastSeen < refill || now < record.blockedUntil
                || (record.failures > 0 && now - record.lastFailure < Self.failuresMemory)
        }
    }
}
