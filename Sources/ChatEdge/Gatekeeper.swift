import ChatIdentity
import ChatWire
import Logging
import NIOCore
import Synchronization
import WebSocketServer

/// Counts who comes from where and as whom, and says when it is too much. Asked at upgrades and at `hello`, never on
/// the hot path, so one lock each serves every loop.
final class Gatekeeper: Sendable {
    /// A connection's place among those of its address or user; given back when the last reference goes.
    final class Place: Sendable {
        private let giveBack: @Sendable () -> Void
        init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }
        deinit { giveBack() }
    }

    /// Beyond a limit.
    struct TooMuch: Error, Equatable {
        var retryAfter: TimeAmount
    }

    /// When a user with too many sessions may try again.
    static let sessionsRetry = TimeAmount.seconds(10)

    private let exempt: [AddressRange]
    private let sessionsPerUser: Int
    private let addresses: Mutex<AddressTable>
    private let users = Mutex<[UserName: Int]>([:])
    private let refusals: TokenRefusals
    private let metrics: EdgeMetrics

    /// - Parameter proxies: whom nothing is counted for: behind an address of theirs is not one client.
    init(settings: EdgeSettings, proxies: [AddressRange], refusals: TokenRefusals, metrics: EdgeMetrics) {
        exempt = settings.limitsExempt + proxies
        sessionsPerUser = settings.sessionsPerUser
        addresses = Mutex(
            AddressTable(
                limits: .init(
                    connections: settings.connectionsPerAddress, connectsPerSecond: settings.connectsPerSecond)))
        self.refusals = refusals
        self.metrics = metrics
    }

    /// Lets a connection from there in. Nil where nothing is counted.
    func enter(from peer: SocketAddress, at now: NIODeadline = .now()) throws(TooMuch) -> Place? {
        guard let address = counted(peer) else { return nil }
        switch addresses.withLock({ $0.arrived(address, at: now) }) {
        case .admitted:
            return Place { [self] in addresses.withLock { $0.left(address) } }
        case .refused(let retryAfter):
            metrics.connectsLimited.add(1)
            throw TooMuch(retryAfter: retryAfter)
        }
    }

    /// Lets one more connection speak for the user. Nil for a guest: its name is only a claim, and a limit on it would let
    /// anybody lock another one out.
    func signIn(_ identity: Identity) throws(TooMuch) -> Place? {
        guard !identity.isGuest, sessionsPerUser > 0 else { return nil }
        let user = identity.user
        let isIn = users.withLock { users in
            let count = users[user, default: 0]
            if count < sessionsPerUser { users[user] = count + 1 }
            return count < sessionsPerUser
        }
        guard isIn else {
            metrics.sessionsLimited.add(1)
            throw TooMuch(retryAfter: Self.sessionsRetry)
        }
        return Place { [self] in
            users.withLock { users in
                let left = users[user, default: 1] - 1
                users[user] = left > 0 ? left : nil
            }
        }
    }

    /// A token was refused: logged with its cause, and held against its address unless it was merely too old.
    func refused(_ error: TokenError, from peer: SocketAddress, at now: NIODeadline = .now()) {
        refusals.add(error, from: peer, at: now)
        guard error.code != .expired, let address = counted(peer) else { return }
        addresses.withLock { $0.tokenRefused(address, at: now) }
    }

    func accepted(from peer: SocketAddress) {
        guard let address = counted(peer) else { return }
        addresses.withLock { $0.tokenAccepted(address) }
    }

    private func counted(_ peer: SocketAddress) -> ClientAddress? {
        exempt.contains { $0.contains(peer) } ? nil : ClientAddress(peer)
    }
}
