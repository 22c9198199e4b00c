import ChatWire
import NIOCore

/// Chatting line by line: typed lines become messages and commands, events become lines.
actor LineChat {
    struct Outcome: Sendable {
        var refused = 0
        /// Why the messages of a room stay behind.
        var roomRefusal: ErrorFrame?
    }

    let session: ChatSession
    let output: LineOutput
    var view: LineView
    let count: Int
    /// The rooms joined, in the order of joining.
    var rooms: [RoomName] = []
    var current: RoomName?
    var outcome = Outcome()
    /// The rooms of messages sent and not settled, by their keys.
    var unsettled: [String: RoomName] = [:]
    /// What may be stored already: the user decides.
    var doubtful: [OutgoingMessage] = []
    /// Questions to the server without an answer yet.
    private var unanswered = 0
    private var reconnect: (reason: String, until: NIODeadline, attempt: Int)?
    private var waiters: [ChangeSignal] = []

    init(session: ChatSession, rooms: [RoomName], count: Int, style: LineStyle, output: LineOutput = LineOutput()) {
        self.session = session
        self.output = output
        self.count = count
        view = LineView(style: style)
        for room in rooms where !self.rooms.contains(room) {
            self.rooms.append(room)
            session.join(room, limit: count)
        }
        current = rooms.first
        view.namesRooms = self.rooms.count > 1
        for message in session.restored { unsettled[message.key] = message.room }
    }

    /// Messages on their way. Those of rooms that are not joined are kept, and nobody waits for them.
    var unsent: Int { unsettled.values.count { rooms.contains($0) } }

    /// Returns when the user leaves, or the input ends and its messages are stored.
    func run(_ reader: LineReader, termination: Termination, timeout: Double) async throws -> Outcome {
        await announceRestored()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.showEvents() }
                group.addTask { try await self.obey(reader, timeout: timeout) }
                group.addTask {
                    await termination.wait()
                    try await self.sayGoodbye()
                }
                group.addTask { try await self.countDown() }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch is LineOutput.Closed {
            // Nobody reads any more.
        }
        await output.setStatus(nil)
        return outcome
    }

    private func announceRestored() async {
        let elsewhere = Set(session.restored.map(\.room)).subtracting(rooms).sorted { $0.value < $1.value }
        for room in elsewhere {
            await output.say("messages for \(room) were not stored the last time; /join \(room) sends them")
        }
    }

    private func showEvents() async throws {
        for await event in session.events {
            note(event)
            for line in view.lines(for: event, now: .now()) { try await show(line) }
            switch event {
            case .roomRefused(let room, _):
                await sayKept(of: room)
                changed()
            case .stopped(let reason):
                // The view has said why.
                throw CommandFailure(CommandFailure(reason).status)
            default:
                continue
            }
        }
    }

    private func note(_ event: SessionEvent) {
        switch event {
        case .stored(let message, _, _):
            settle(message)
        case .refused(let message, _):
            outcome.refused += 1
            settle(message)
        case .kept(let message, let reason):
            if reason == .perhapsStored { doubtful.append(message) }
            settle(message)
        case .roomRefused(let room, let error):
            if unsettled.values.contains(room) { outcome.roomRefusal = error }
            // Whoever waits for the room's messages is told once it is said that they are kept.
            rooms.removeAll { $0 == room }
            // What is typed next was not meant for another room.
            if current == room { current = nil }
        default:
            // What leaving a room changes was changed when the user left: it may be joined again by now.
            break
        }
    }

    private func show(_ line: LineView.Line) async throws {
        switch line {
        case .text(let text):
            try await output.print(text)
        case .status(let text):
            await output.say(text)
        case .waiting(let reason, let until, let attempt):
            reconnect = (reason, until, attempt)
            let text = LineView.waiting(reason, until: until, attempt: attempt, now: .now(), unsent: unsent)
            if await output.canShowStatus { await output.setStatus(text) } else { await output.say(text) }
        case .connected:
            reconnect = nil
            await output.setStatus(nil)
        }
    }

    /// Rewrites the status line each second while no connection works.
    private func countDown() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            guard let (reason, until, attempt) = reconnect else { continue }
            await output.setStatus(
                LineView.waiting(reason, until: until, attempt: attempt, now: .now(), unsent: unsent))
        }
    }

    /// Lines are obeyed while questions wait for their answers: without a connection those may never come.
    private func obey(_ reader: LineReader, timeout: Double) async throws {
        try await withThrowingDiscardingTaskGroup { questions in
            var failure: CommandFailure?
            while let line = await reader.next() {
                switch try await obey(line) {
                case .done: break
                case .ask(let question):
                    unanswered += 1
                    questions.addTask { try await self.answer(question) }
                case .broken(let words):
                    failure = CommandFailure(.failed, words)
                case .leave:
                    try await sayGoodbye()
                    return questions.cancelAll()
                }
            }
            try Task.checkCancellation()
            guard try await isDone(within: timeout) else {
                throw CommandFailure(.unavailable, "\(Self.messages(unsent)) not stored yet, and kept.")
            }
            if let failure { throw failure }
        }
    }

    private func answer(_ question: @escaping Question) async throws {
        defer {
            unanswered -= 1
            changed()
        }
        do {
            let lines = try await withTimeout(seconds: Self.answerSeconds, "no answer") { try await question() }
            for line in lines { try await output.print(line) }
        } catch is CancellationError {
            return
        } catch let error as RequestError {
            await output.say(CommandFailure(error).message ?? "no answer")
        } catch let failure as CommandFailure where failure.status == .unavailable {
            await output.say(failure.message ?? "no answer")
        }
    }

    /// Gives what is under way a moment to arrive: an acknowledgement that nobody hears is a message sent again.
    private func sayGoodbye() async throws {
        guard try await !isDone(within: Self.goodbyeSeconds), unsent > 0 else { return }
        await output.say("\(Self.messages(unsent)) not stored yet; kept, and sent the next time")
    }

    /// Waits for messages to be settled and questions to be answered.
    /// - Returns: whether they are.
    private func isDone(within seconds: Double) async throws -> Bool {
        guard isBusy else { return true }
        let waiter = ChangeSignal()
        waiters.append(waiter)
        do {
            try await withTimeout(seconds: seconds, "") {
                while await self.isBusy { try await waiter.next() }
            }
            return true
        } catch let failure as CommandFailure where failure.status == .unavailable {
            return false
        }
    }

    private var isBusy: Bool { unsent > 0 || unanswered > 0 }

    func changed() {
        for waiter in waiters { waiter.notify() }
    }

    func settle(_ message: OutgoingMessage) {
        unsettled[message.key] = nil
        changed()
    }

    /// The room is no longer joined, or will not be.
    func forget(_ room: RoomName) {
        rooms.removeAll { $0 == room }
        changed()
    }

    /// Says what stays behind with a room.
    func sayKept(of room: RoomName) async {
        let count = unsettled.values.count { $0 == room }
        if count > 0 { await output.say("\(Self.messages(count)) not stored yet, and kept; /join \(room) sends them") }
    }

    private static func messages(_ count: Int) -> String { count == 1 ? "1 message is" : "\(count) messages are" }

    /// How long leaving waits for acknowledgements.
    private static let goodbyeSeconds = 2.0
    /// How long a question waits for its answer.
    private static let answerSeconds = 10.0
}
