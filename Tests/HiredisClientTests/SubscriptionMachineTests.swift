import ChatTesting
import Testing

@testable import HiredisClient

@Suite struct SubscriptionMachineTests {
    @Test func aNewConnectionAsksForTheFirstChannelsFirst() {
        var machine = SubscriptionMachine(limits: RedisLimits())
        for number in 0..<20 { machine.subscribe("room-\(number)") { _ in } }
        machine.subscribe("inbox", isFirst: true) { _ in }
        for _ in 0..<2 {
            machine.connected()
            guard case .subscribe(let channels) = machine.nextCommand() else { return #expect(Bool(false)) }
            #expect(channels.count == 21 && channels.first == "inbox")
            machine.disconnected()
        }
    }

    /// How the waiters of a test ended, by label.
    private final class Ends {
        var confirmed: [String] = []
        var failed: [String: RedisError.Code] = [:]

        func waiter(_ label: String) -> SubscriptionMachine.Waiter {
            { result in
                switch result {
                case .success: self.confirmed.append(label)
                case .failure(let error): self.failed[label] = error.code
                }
            }
        }
    }

    private let ends = Ends()

    private func machine(channels: Int = 1000, unconfirmed: Int = 1000, connected: Bool = true) -> SubscriptionMachine {
        var limits = RedisLimits()
        limits.channelsMax = channels
        limits.unconfirmedChannelsMax = unconfirmed
        var machine = SubscriptionMachine(limits: limits)
        if connected { machine.connected() }
        return machine
    }

    private func confirm(_ machine: inout SubscriptionMachine, _ channel: String, isSubscribed: Bool = true) throws {
        for waiter in try machine.confirmed(isSubscribed: isSubscribed, channel) { waiter(.success(())) }
    }

    /// A channel that the server has confirmed.
    private func subscribed(_ channel: String) throws -> SubscriptionMachine {
        var machine = machine()
        machine.subscribe(channel, ends.waiter("first"))
        #expect(machine.nextCommand() == .subscribe([channel]))
        try confirm(&machine, channel)
        return machine
    }

    @Test func channelsOfOneTickGoIntoOneCommand() throws {
        var machine = machine()
        for channel in ["a", "b", "c"] { machine.subscribe(channel, ends.waiter(channel)) }
        #expect(machine.nextCommand() == .subscribe(["a", "b", "c"]))
        #expect(machine.nextCommand() == nil)
        for channel in ["a", "b", "c"] { try confirm(&machine, channel) }
        #expect(ends.confirmed == ["a", "b", "c"])
    }

    @Test func subscribingTwiceAsksOnceAndTellsBoth() throws {
        var machine = machine()
        machine.subscribe("a", ends.waiter("first"))
        machine.subscribe("a", ends.waiter("second"))
        #expect(machine.nextCommand() == .subscribe(["a"]))
        machine.subscribe("a", ends.waiter("third"))
        #expect(machine.nextCommand() == nil)
        try confirm(&machine, "a")
        machine.subscribe("a", ends.waiter("fourth"))
        #expect(ends.confirmed == ["first", "second", "third", "fourth"])
        #expect(machine.nextCommand() == nil)
    }

    @Test func aChangeOfMindBeforeTheCommandCostsNothing() throws {
        var machine = try subscribed("a")
        _ = machine.unsubscribe("a")
        machine.subscribe("a", ends.waiter("again"))
        #expect(machine.nextCommand() == nil)
        #expect(ends.confirmed == ["first", "again"])

        machine.subscribe("b", ends.waiter("b"))
        for waiter in machine.unsubscribe("b") { waiter(.failure(RedisError(.unsubscribed, ""))) }
        #expect(machine.nextCommand() == nil)
        #expect(ends.failed == ["b": .unsubscribed])
    }

    @Test func aChangeOfMindMeanwhileFollowsTheConfirmation() throws {
        var machine = machine()
        machine.subscribe("a", ends.waiter("first"))
        #expect(machine.nextCommand() == .subscribe(["a"]))
        _ = machine.unsubscribe("a")
        #expect(machine.nextCommand() == nil)
        try confirm(&machine, "a")
        #expect(machine.nextCommand() == .unsubscribe(["a"]))
        machine.subscribe("a", ends.waiter("second"))
        #expect(machine.nextCommand() == nil)
        try confirm(&machine, "a", isSubscribed: false)
        #expect(machine.nextCommand() == .subscribe(["a"]))
        #expect(ends.confirmed.isEmpty)
        try confirm(&machine, "a")
        #expect(ends.confirmed == ["second"])
    }

    @Test func oldAndNewWishesKeepTheirOrder() throws {
        var machine = try subscribed("a")
        _ = machine.unsubscribe("a")
        machine.subscribe("b", ends.waiter("b"))
        #expect(machine.nextCommand() == .unsubscribe(["a"]))
        #expect(machine.nextCommand() == .subscribe(["b"]))
    }

    @Test func unsubscribingAnUnknownChannelIsNothing() {
        var machine = machine()
        #expect(machine.unsubscribe("never").isEmpty)
        #expect(machine.nextCommand() == nil)
    }

    @Test func aConfirmationThatWasNotAskedForIsAViolation() throws {
        var machine = try subscribed("a")
        for (isSubscribed, channel) in [(true, "a"), (false, "a"), (true, "b"), (false, "b")] {
            #expect { try machine.confirmed(isSubscribed: isSubscribed, channel) } throws: {
                ($0 as? RedisError)?.code == .protocolViolation
            }
        }
    }

    @Test func aNewConnectionRestoresInBatchesAndThenIsRestored() throws {
        var machine = machine(unconfirmed: 2, connected: false)
        for channel in ["a", "b", "c"] { machine.subscribe(channel, ends.waiter(channel)) }
        #expect(machine.nextCommand() == nil)
        machine.connected()
        var restored: Set<String> = []
        while case .subscribe(let channels)? = machine.nextCommand() {
            #expect(channels.count <= 2 && !machine.isRestored)
            for channel in channels { try confirm(&machine, channel) }
            restored.formUnion(channels)
        }
        #expect(restored == ["a", "b", "c"] && Set(ends.confirmed) == restored)
        #expect(machine.isRestored)
    }

    @Test func whatIsNotWantedAnyMoreIsNotRestored() throws {
        var machine = try subscribed("a")
        _ = machine.unsubscribe("a")
        #expect(machine.nextCommand() == .unsubscribe(["a"]))
        machine.disconnected()
        #expect(!machine.isRestored)
        machine.connected()
        #expect(machine.nextCommand() == nil)
        #expect(machine.isRestored)
    }

    @Test func unsubscribingTheLastOfARestorationEndsIt() throws {
        var machine = try subscribed("a")
        machine.disconnected()
        machine.connected()
        #expect(!machine.isRestored)
        _ = machine.unsubscribe("a")
        #expect(machine.isRestored)
    }

    @Test func aWaiterOutlivesTheConnection() throws {
        var machine = machine()
        machine.subscribe("a", ends.waiter("a"))
        _ = machine.nextCommand()
        machine.disconnected()
        #expect(machine.unconfirmed == 0)
        machine.connected()
        #expect(machine.nextCommand() == .subscribe(["a"]))
        try confirm(&machine, "a")
        #expect(ends.confirmed == ["a"])
    }

    @Test func tooManyChannelsAreRefused() {
        var machine = machine(channels: 2)
        for channel in ["a", "b", "c"] { machine.subscribe(channel, ends.waiter(channel)) }
        #expect(ends.failed == ["c": .overloaded])
        _ = machine.unsubscribe("a")
        #expect(machine.nextCommand() == .subscribe(["b"]))
        machine.subscribe("d", ends.waiter("d"))
        #expect(machine.nextCommand() == .subscribe(["d"]))
        #expect(ends.failed == ["c": .overloaded])
    }

    @Test func messagesOfUnwantedChannelsHaveNoName() throws {
        var machine = try subscribed("a")
        let name = { (machine: SubscriptionMachine, text: String) in
            Array(text.utf8).withUnsafeBytes { machine.name($0) }
        }
        #expect(name(machine, "a") == "a")
        #expect(name(machine, "b") == nil)
        _ = machine.unsubscribe("a")
        #expect(name(machine, "a") == nil)
    }

    @Test func stoppingTellsWhoWaits() {
        var machine = machine()
        machine.subscribe("a", ends.waiter("a"))
        #expect(machine.stopped().count == 1)
        #expect(machine.stopped().isEmpty)
        #expect(machine.nextCommand() == nil)
    }

    /// Random wishes and a server that answers in order, with link losses between; at the end both sides agree.
    @Test func anyChurnEndsWithWhatIsWanted() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for round in 0..<300 {
            var machine = machine(unconfirmed: Int.random(in: 1...4, using: &generator))
            var wanted: Set<String> = []
            var server = ModelServer()
            for _ in 0..<Int.random(in: 1...80, using: &generator) {
                let channel = String("abcde".randomElement(using: &generator) ?? "a")
                switch Int.random(in: 0..<9, using: &generator) {
                case 0...2:
                    wanted.insert(channel)
                    machine.subscribe(channel) { _ in }
                case 3...4:
                    wanted.remove(channel)
                    _ = machine.unsubscribe(channel)
                case 5...6: server.take(&machine)
                case 7: try server.answer(&machine)
                default:
                    machine.disconnected()
                    server = ModelServer()
                    machine.connected()
                }
            }
            repeat {
                server.take(&machine)
                while try server.answer(&machine) {}
                server.take(&machine)
            } while !server.isIdle
            #expect(server.channels == wanted, "seed \(seed), round \(round)")
            #expect(machine.isRestored && machine.unconfirmed == 0, "seed \(seed), round \(round)")
        }
    }
}

/// What a server makes of the machine's commands.
private struct ModelServer {
    private(set) var channels: Set<String> = []
    private var answers: [(isSubscribed: Bool, channel: String)] = []

    var isIdle: Bool { answers.isEmpty }

    mutating func take(_ machine: inout SubscriptionMachine) {
        while let command = machine.nextCommand() {
            switch command {
            case .subscribe(let names):
                channels.formUnion(names)
                answers += names.map { (true, $0) }
            case .unsubscribe(let names):
                channels.subtract(names)
                answers += names.map { (false, $0) }
            }
        }
    }

    @discardableResult
    mutating func answer(_ machine: inout SubscriptionMachine) throws -> Bool {
        guard !answers.isEmpty else { return false }
        let answer = answers.removeFirst()
        for waiter in try machine.confirmed(isSubscribed: answer.isSubscribed, answer.channel) { waiter(.success(())) }
        return true
    }
}
