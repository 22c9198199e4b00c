import ChatIdentity
import ChatWire
import NIOCore
import ServerKit
import Testing
import WebSocketServer

@testable import ChatEdge

@Suite struct AddressTableTests {
    private func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64((seconds + 1) * 1e9)) }

    private func address(_ text: String = "203.0.113.9") throws -> ClientAddress {
        try #require(ClientAddress(SocketAddress(ipAddress: text, port: 0)))
    }

    @Test func connectionsOfAnAddressAreCountedInAndOut() throws {
        var table = AddressTable(limits: .init(connections: 2, connectsPerSecond: 0))
        let (here, there) = (try address(), try address("203.0.113.10"))
        var verdicts = [table.arrived(here, at: at(0)), table.arrived(here, at: at(0))]
        verdicts += [table.arrived(here, at: at(0)), table.arrived(there, at: at(0))]
        #expect(verdicts == [.admitted, .admitted, .refused(retryAfter: .seconds(10)), .admitted])
        table.left(here)
        verdicts = [table.arrived(here, at: at(1)), table.arrived(here, at: at(1))]
        #expect(verdicts == [.admitted, .refused(retryAfter: .seconds(10))])
    }

    @Test func newConnectionsAreSlowedAfterABurst() throws {
        var table = AddressTable(limits: .init(connections: 0, connectsPerSecond: 2))
        let here = try address()
        let burst = (1...21).map { _ in table.arrived(here, at: at(0)) }
        #expect(burst.dropLast().allSatisfy { $0 == .admitted })
        #expect(burst.last == .refused(retryAfter: .milliseconds(500)))
        let verdicts = [table.arrived(here, at: at(0.5)), table.arrived(here, at: at(0.5))]
        #expect(verdicts == [.admitted, .refused(retryAfter: .milliseconds(500))])
    }

    @Test func anIPv6NetworkIsOneAddress() throws {
        #expect(try address("2001:db8:0:1::1") == address("2001:db8:0:1:ffff::2"))
        #expect(try address("2001:db8:0:1::1") != address("2001:db8:0:2::1"))
        #expect(try address("::ffff:203.0.113.9") == address("203.0.113.9"))
        #expect(try address("203.0.113.8") != address("203.0.113.9"))
    }

    @Test func refusedTokensDoubleTheTimeOutside() throws {
        var table = AddressTable(limits: .init(connections: 0, connectsPerSecond: 0))
        let here = try address()
        for _ in 1...AddressTable.failuresFree { table.tokenRefused(here, at: at(0)) }
        var verdict = table.arrived(here, at: at(0))
        #expect(verdict == .admitted)
        var waits: [TimeAmount] = []
        for _ in 1...20 {
            table.tokenRefused(here, at: at(0))
            verdict = table.arrived(here, at: at(0))
            if case .refused(let wait) = verdict { waits.append(wait) }
        }
        #expect(waits.prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
        #expect(waits.count == 20 && waits.last == AddressTable.blockMax)
        verdict = table.arrived(here, at: at(61))
        #expect(verdict == .admitted)
        table.tokenAccepted(here)
        table.tokenRefused(here, at: at(62))
        verdict = table.arrived(here, at: at(62))
        #expect(verdict == .admitted, "a good token in between: the count began anew")
    }

    @Test func addressesWithoutConnectionsAreForgottenWhenThereAreTooMany() throws {
        var table = AddressTable(limits: .init(connections: 10, connectsPerSecond: 10))
        let stays = try address()
        var verdict = table.arrived(stays, at: at(0))
        #expect(verdict == .admitted)
        func other(_ number: Int) throws -> ClientAddress {
            try address("10.\(number >> 16).\(number >> 8 & 255).\(number & 255)")
        }
        for number in 1..<AddressTable.addressesMax + 10 {
            let visitor = try other(number)
            verdict = table.arrived(visitor, at: at(0))
            table.left(visitor)
        }
        #expect(table.count == AddressTable.addressesMax)
        #expect(verdict == .admitted, "beyond the table nobody is counted, and nobody refused")
        verdict = table.arrived(try other(1 << 20), at: at(10))
        #expect(table.count == 2)
    }
}

@Suite struct EntranceTests {
    private static func refusals() -> (log: TokenRefusals, registry: MetricsRegistry, lines: Lines) {
        let (registry, lines) = (MetricsRegistry(), Lines())
        return (TokenRefusals(registry: registry, logger: lines.logger), registry, lines)
    }

    private func failure(of token: String, _ verifier: TokenVerifier) -> TokenError? {
        do throws(TokenError) {
            _ = try verifier.verify(token, now: 0)
            return nil
        } catch { return error }
    }

    @Test func refusedTokensAreLoggedOnceASecondWithACount() async throws {
        let (log, registry, lines) = Self.refusals()
        let verifier = try await TestKey.verifier()
        let error = try #require(failure(of: "secret-token", verifier))
        let peer = try SocketAddress(ipAddress: "203.0.113.9", port: 1)
        let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
        for _ in 1...5 { log.add(error, from: peer, at: start) }
        log.add(error, from: peer, at: start + .seconds(1))
        #expect(lines.all.count == 2)
        #expect(lines.all.allSatisfy { $0.contains("cause=malformed") && $0.contains("address=203.0.113.9") })
        #expect(lines.all[0].contains("more_since_last_line=0") && lines.all[1].contains("more_since_last_line=4"))
        #expect(!lines.all.joined().contains("secret-token"))
        #expect(registry.prometheusText().contains(#"termchat_edge_tokens_refused_total{cause="malformed"} 6"#))
    }

    @Test func aUserHasSoManyConnectionsAndGuestsAreNotCounted() throws {
        var settings = EdgeSettings()
        settings.sessionsPerUser = 2
        let keeper = Gatekeeper(
            settings: settings, proxies: [], refusals: Self.refusals().log, metrics: EdgeMetrics())
        let ann = Identity(user: try UserName("ann"), rights: .everything, expiresAt: 1)
        var places = [try keeper.signIn(ann), try keeper.signIn(ann)]
        #expect(throws: Gatekeeper.TooMuch.self) { try keeper.signIn(ann) }
        #expect(try keeper.signIn(Identity(user: UserName("bob"), rights: .everything, expiresAt: 1)) != nil)
        #expect(try keeper.signIn(.guest(UserName("ann"))) == nil)
        places.removeLast()
        places.append(try keeper.signIn(ann))
        #expect(places.count == 2)
    }

    @Test func exemptAddressesAndProxiesAreNotCounted() throws {
        var settings = EdgeSettings()
        settings.connectionsPerAddress = 1
        settings.limitsExempt = [try AddressRange("127.0.0.0/8")]
        let keeper = Gatekeeper(
            settings: settings, proxies: [try AddressRange("10.0.0.2")], refusals: Self.refusals().log,
            metrics: EdgeMetrics())
        for free in ["127.0.0.1", "10.0.0.2"] {
            #expect(try keeper.enter(from: SocketAddress(ipAddress: free, port: 1)) == nil)
        }
        let stranger = try SocketAddress(ipAddress: "203.0.113.9", port: 1)
        let place = try keeper.enter(from: stranger)
        #expect(place != nil)
        #expect(throws: Gatekeeper.TooMuch.self) { try keeper.enter(from: stranger) }
    }
}

@Suite struct StopBudgetTests {
    private func budget(drain: TimeAmount, stop: TimeAmount) -> StopBudget {
        var settings = EdgeSettings()
        (settings.drain, settings.stop) = (drain, stop)
        return StopBudget(settings, drain: settings.drain)
    }

    @Test func theDrainLeavesTimeForTheEnd() {
        #expect(budget(drain: .seconds(3), stop: .seconds(5)).drain == .seconds(3))
        #expect(budget(drain: .seconds(5), stop: .seconds(5)).drain == .milliseconds(3500))
        #expect(budget(drain: .seconds(5), stop: .seconds(5)).broker == .milliseconds(4500))
        #expect(budget(drain: .seconds(1), stop: .seconds(1)).drain == .milliseconds(500))
        #expect(budget(drain: .zero, stop: .milliseconds(100)).drain == .zero)
    }
}
