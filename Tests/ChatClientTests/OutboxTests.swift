import ChatWire
import NIOCore
import Testing

@testable import ChatClient

@Suite struct OutboxTests {
    let link = LinkID(number: 1)
    let backoff = Backoff()

    @Test func aWindowOfOneSendsTheNextWhenTheFirstIsStored() {
        var outbox = filled(3)
        #expect(keys(outbox.take(lobby, on: link, at: at(0))) == ["k1"])
        #expect(outbox.take(lobby, on: link, at: at(0)) == [])
        #expect(outbox.stored(key: "k1")?.key == "k1")
        #expect(keys(outbox.take(lobby, on: link, at: at(0))) == ["k2"])
        #expect(outbox.count == 2)
    }

    @Test func aWiderWindowSendsAheadAndNoFurther() {
        var outbox = filled(5, window: 3)
        #expect(keys(outbox.take(lobby, on: link, at: at(0))) == ["k1", "k2", "k3"])
        _ = outbox.stored(key: "k2")
        #expect(keys(outbox.take(lobby, on: link, at: at(0))) == ["k4"])
    }

    @Test func roomsDoNotWaitForEachOther() {
        var outbox = filled(1)
        #expect(outbox.add(OutgoingMessage(room: ops, key: "o1", body: "x")) == true)
        #expect(keys(outbox.take(lobby, on: link, at: at(0))) == ["k1"])
        #expect(keys(outbox.take(ops, on: link, at: at(0))) == ["o1"])
    }

    @Test func aLostConnectionSendsAgainInOrderWithTheSameKeys() {
        var outbox = filled(3, window: 2)
        _ = outbox.take(lobby, on: link, at: at(0))
        outbox.disconnected(link)
        #expect(keys(outbox.take(lobby, on: LinkID(number: 2), at: at(0))) == ["k1", "k2"])
    }

    @Test func anotherConnectionsLossChangesNothing() {
        var outbox = filled(1)
        _ = outbox.take(lobby, on: link, at: at(0))
        outbox.disconnected(LinkID(number: 9))
        #expect(outbox.take(lobby, on: link, at: at(0)) == [])
    }

    @Test(arguments: [ErrorCode.rateLimited, .unavailable])
    func passingErrorsWaitAsLongAsTheEdgeSays(code: ErrorCode) {
        var outbox = filled(2)
        let message = outbox.take(lobby, on: link, at: at(0))[0]
        let refused = outbox.refused(key: "k1", errorFrame(code, retryAfter: 700), at: at(0), backoff: backoff)
        #expect(refused == .later(message, at: at(700)))
        #expect(outbox.deadline == at(700))
        #expect(outbox.take(lobby, on: link, at: at(699)) == [])
        outbox.timerFired(at: at(700))
        #expect(keys(outbox.take(lobby, on: link, at: at(700))) == ["k1"])
    }

    @Test func withoutATimeTheWaitGrows() {
        var outbox = filled(1)
        var waits: [Int64] = []
        for _ in 0..<4 {
            outbox.timerFired(at: at(1_000_000))
            _ = outbox.take(lobby, on: link, at: at(0))
            guard
                case .later(_, let until) = outbox.refused(
                    key: "k1", errorFrame(.unavailable), at: at(0), backoff: backoff)
            else { return }
            waits.append((until - at(0)).nanoseconds / 1_000_000)
        }
        #expect(waits == [200, 400, 800, 1600])
    }

    @Test(arguments: ErrorCode.allCases)
    func everyErrorCodeIsDecided(code: ErrorCode) {
        var outbox = filled(1)
        _ = outbox.take(lobby, on: link, at: at(0))
        let refused = outbox.refused(key: "k1", errorFrame(code), at: at(0), backoff: backoff)
        switch code {
        case .rateLimited, .unavailable, .internal, .notJoined: #expect(outbox.count == 1)
        default:
            #expect(refused == .never(message(1)))
            #expect(outbox.count == 0)
        }
    }

    @Test func internalErrorsAreTriedAFewTimes() {
        var outbox = filled(1)
        var refused = Outbox.Refused.unknown
        for _ in 0..<ClientLimits.internalErrorsMax {
            refused = outbox.refused(key: "k1", errorFrame(.internal), at: at(0), backoff: backoff)
        }
        #expect(refused == .never(message(1)))
    }

    @Test func answersForSettledMessagesAreIgnored() {
        var outbox = filled(1)
        _ = outbox.stored(key: "k1")
        #expect(outbox.stored(key: "k1") == nil)
        #expect(outbox.refused(key: "k1", errorFrame(.invalidBody), at: at(0), backoff: backoff) == .unknown)
        #expect(outbox.deadline == nil)
    }

    @Test func aKeyIsTakenOnce() {
        var outbox = filled(1)
        #expect(outbox.add(message(1)) == false)
    }

    @Test func theOutboxIsBounded() {
        var outbox = filled(ClientLimits.outboxMessagesMax)
        #expect(outbox.isFull)
        #expect(outbox.add(message(0)) == false)
        _ = outbox.stored(key: "k5")
        #expect(outbox.add(message(0)) == true)
    }

    /// Random losses, answers and refusals: with a window of 1 every room's messages are stored in order, once.
    @Test(arguments: 0..<100)
    func messagesAreStoredOnceAndInOrder(round: Int) {
        let seed = UInt64(round) &+ UInt64.random(in: 0...UInt64.max / 2)
        var random = SplitMix64(state: seed)
        var outbox = Outbox(window: 1)
        var added = 0
        var now = 0
        var links = 1
        var stored: [String] = []
        var flying: [OutgoingMessage] = []
        for step in 0..<2_000 {
            now += 50
            outbox.timerFired(at: at(now))
            let link = LinkID(number: links)
            switch random.next() % 8 {
            case 0 where step < 1_500, 1 where step < 1_500:
                added += 1
                #expect(outbox.add(message(added)) == true)
            case 2:
                links += 1
                // What was on its way may have been stored without its ack.
                for message in flying where random.next() % 2 == 0 { store(message, in: &stored) }
                flying = []
                outbox.disconnected(link)
            case 3:
                if let message = flying.popLast() {
                    _ = outbox.refused(
                        key: message.key, errorFrame(.rateLimited, retryAfter: 100), at: at(now), backoff: backoff)
                }
            case 4, 5:
                if let message = flying.popLast() {
                    store(message, in: &stored)
                    _ = outbox.stored(key: message.key)
                }
            default:
                flying += outbox.take(lobby, on: link, at: at(now))
            }
        }
        while outbox.count > 0 {
            now += 20_000
            outbox.timerFired(at: at(now))
            for message in flying + outbox.take(lobby, on: LinkID(number: links), at: at(now)) {
                store(message, in: &stored)
                _ = outbox.stored(key: message.key)
            }
            flying = []
        }
        #expect(stored == (1...max(1, added)).map { "k\($0)" }, "seed \(seed)")
    }

    /// What an edge does: a key is stored once.
    private func store(_ message: OutgoingMessage, in stored: inout [String]) {
        if !stored.contains(message.key) { stored.append(message.key) }
    }

    private func message(_ number: Int) -> OutgoingMessage {
        OutgoingMessage(room: lobby, key: "k\(number)", body: "text")
    }

    private func filled(_ count: Int, window: Int = 1) -> Outbox {
        var outbox = Outbox(window: window)
        for number in 1...count { #expect(outbox.add(message(number)) == true) }
        return outbox
    }

    private func keys(_ messages: [OutgoingMessage]) -> [String] { messages.map(\.key) }
}
