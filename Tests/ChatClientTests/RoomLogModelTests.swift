import ChatWire
import DequeModule
import Testing

@testable import ChatClient

/// Random losses, repetitions, reconnects, slow marks and trims against what a reader must see: every entry that the
/// history still has, once, in order, and a gap wherever entries are missing.
@Suite struct RoomLogModelTests {
    @Test(arguments: 0..<300)
    func showsEveryEntryOnceInOrderOrAGap(round: Int) {
        let seed = UInt64(round) &* 0x9e37 &+ UInt64.random(in: 0...UInt64.max / 2)
        var world = World(seed: seed)
        for _ in 0..<400 { world.step() }
        world.finish()
        #expect(world.complaints == [], "seed \(seed)")
        #expect(world.log.state == .live, "seed \(seed)")
        #expect(world.log.last == position(world.newest), "seed \(seed)")
    }

    /// A server with a trimmed history and an unreliable live path, and one client.
    private struct World {
        var random: SplitMix64
        var log = RoomLog()
        var complaints: [String] = []
        /// Entries 1...newest were published; those from `oldest` on are in the history.
        var newest = 0
        var oldest = 1
        /// Answers on their way to the client, in order.
        var wire: Deque<Frame> = []
        var isJoined = false
        var isSlow = false
        private var shown = 0
        private var gapOpen = false

        enum Frame {
            case joined(ServerFrame.Joined)
            case page([Entry], more: Bool)
            case refused
            case live(Entry)
            case slow
        }

        init(seed: UInt64) { random = SplitMix64(state: seed) }

        mutating func step() {
            switch random.next() % 20 {
            case 0..<9: publish()
            case 9..<17: deliver()
            case 17: if isJoined, random.next() % 4 == 0 { disconnect() }
            case 18: oldest = min(newest, oldest + Int(random.next() % 4))
            default: if isJoined, !isSlow { isSlow = true; wire.append(.slow) }
            }
            if !isJoined { join() }
        }

        mutating func finish() {
            isSlow = false
            publish(isLossy: false)
            while !wire.isEmpty { deliver() }
            publish(isLossy: false)
            while !wire.isEmpty { deliver() }
        }

        mutating func publish(isLossy: Bool = true) {
            newest += 1
            guard isJoined, !isSlow else { return }
            if isLossy, random.next() % 10 == 0 { return }
            wire.append(.live(entry(newest)))
            if isLossy, random.next() % 10 == 0 { wire.append(.live(entry(newest))) }
        }

        mutating func disconnect() {
            isJoined = false
            isSlow = false
            wire.removeAll()
            log.disconnected()
        }

        mutating func join() {
            isJoined = true
            isSlow = false
            let since = log.last
            log.joinSent()
            guard let since else {
                let first = max(1, oldest, newest - 2)
                let messages = first <= newest && newest > 0 ? entries(first...newest) : []
                shown = max(first - 1, 0)
                wire.append(.joined(joinedFrame(messages, at: newest)))
                return
            }
            let (messages, more) = history(after: Int(since.milliseconds))
            let complete = Int(since.milliseconds) >= oldest - 1
            wire.append(.joined(joinedFrame(messages, at: newest, complete: complete, more: more)))
        }

        func history(after: Int) -> ([Entry], Bool) {
            let first = max(after + 1, oldest)
            guard first <= newest else { return ([], false) }
            let last = min(newest, first + 4)
            return (entries(first...last), last < newest)
        }

        mutating func deliver() {
            guard let frame = wire.popFirst() else { return }
            switch frame {
            case .joined(let joined): carryOut(log.joined(joined))
            case .page(let messages, let more): carryOut(log.page(messages, more: more))
            case .live(let entry): carryOut(log.received(entry))
            case .slow: carryOut(log.slowed())
            case .refused:
                log.pageFailed()
                carryOut(log.resume())
            }
        }

        mutating func carryOut(_ steps: [RoomLog.Step]) {
            for step in steps {
                switch step {
                case .show(let entry): show(Int(entry.id.milliseconds))
                case .gap(let after, let before):
                    if Int(after.milliseconds) != shown { complaints.append("gap after \(after), shown \(shown)") }
                    if before <= after { complaints.append("gap before \(before) after \(after)") }
                    gapOpen = true
                case .fetch(let after):
                    if random.next() % 10 == 0 {
                        wire.append(.refused)
                    } else {
                        let (messages, more) = history(after: Int(after.milliseconds))
                        wire.append(.page(messages, more: more))
                    }
                case .rejoin:
                    join()
                case .caughtUp:
                    break
                }
            }
        }

        mutating func show(_ number: Int) {
            if number <= shown { complaints.append("\(number) again or late, after \(shown)") }
            if number != shown + 1, !gapOpen { complaints.append("\(number) after \(shown) without a gap") }
            gapOpen = false
            shown = number
        }
    }
}
