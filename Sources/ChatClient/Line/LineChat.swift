import ChatWire
import NIOCore

/// Chatting line by line: typed lines become messages and commands, events become lines.
actor LineChat {
    struct Outcome: Sendable {
        var refused = 0
    }

    private let session: ChatSession
    private let output = LineOutput()
    private var view: LineView
    private let count: Int
    /// The rooms joined, in the order of joining.
    private var rooms: [RoomName] = []
    private var current: RoomName?
    private var outcome = Outcome()
    /// Keys of messages sent and not settled.
    private var unsettled: Set<String> = []
    private var reconnect: (reason: String, until: NIODeadline, attempt: Int)?
    private let changes = ChangeSignal()

    init(session: ChatSession, rooms: [RoomName], count: Int, style: LineStyle) {
        self.session = session
        self.count = count
        view = LineView(style: style)
        for room in rooms where !self.rooms.contains(room) {
            self.rooms.append(room)
            session.join(room, limit: count)
        }
        current = rooms.first
        view.namesRooms = self.rooms.count > 1
        unsettled = Set(session.restored.map(\.key))
    }

    /// Returns when the user leaves or the input ends and its messages are stored.
    func run(_ reader: LineReader, termination: Termination, timeout: Double) async throws -> Outcome {
        await announceRestored()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.showEvents() }
                group.addTask { try await self.obey(reader, timeout: timeout) }
                group.addTask { await termination.wait() }
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
        unsettled.subtract(session.restored.filter { elsewhere.contains($0.room) }.map(\.key))
    }

    private func showEvents() async throws {
        for await event in session.events {
            note(event)
            for line in view.lines(for: event, now: .now()) { try await show(line) }
            if case .stopped(let reason) = event { throw CommandFailure(reason) }
        }
    }

    private func note(_ event: SessionEvent) {
        switch event {
        case .stored(let message, _, _):
            settle(message)
        case .refused(let message, _):
            outcome.refused += 1
            settle(message)
        case .roomRefused(let room, _), .left(let room):
            forget(room)
        default:
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
            let text = LineView.waiting(reason, until: until, attempt: attempt, now: .now(), unsent: unsettled.count)
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
                LineView.waiting(reason, until: until, attempt: attempt, now: .now(), unsent: unsettled.count))
        }
    }

    private func obey(_ reader: LineReader, timeout: Double) async throws {
        while let line = await reader.next() {
            if try await obey(LineInput(OutgoingText.clean(line))) { return }
        }
        try Task.checkCancellation()
        try await withTimeout(seconds: timeout, "\(unsettled.count) messages are not stored yet; they are kept.") {
            try await self.waitForLast()
        }
    }

    /// - Returns: whether to leave.
    private func obey(_ input: LineInput) async throws -> Bool {
        switch input {
        case .nothing: break
        case .message(let text): await send(text)
        case .join(let name): await join(name)
        case .leave(let name): await leave(name)
        case .who(let name): await who(name)
        case .rooms: await listRooms()
        case .help: for line in LineInput.helpText.split(separator: "\n") { try await output.print(String(line)) }
        case .quit: return true
        case .unknown(let text): await output.say("no such command: \(VisibleText(text).value); /help lists them")
        }
        return false
    }
}

/// What typed lines do.
extension LineChat {
    private func send(_ text: String) async {
        guard let current else { return await output.say("no room yet: /join ROOM") }
        let message = OutgoingMessage(room: current, body: text)
        unsettled.insert(message.key)
        do {
            return try await session.send(message)
        } catch SendError.invalid(let error) {
            await output.say("not sent: \(error.message)")
        } catch SendError.outboxFull {
            await output.say("not sent: too many messages wait already")
        } catch {
            await output.say("not sent: \(error)")
        }
        outcome.refused += 1
        settle(message)
    }

    private func join(_ name: String) async {
        guard let room = await roomName(name) else { return }
        current = room
        if !rooms.contains(room) {
            rooms.append(room)
            view.namesRooms = rooms.count > 1
            session.join(room, limit: count)
        }
    }

    private func leave(_ name: String?) async {
        guard let room = await named(name) else { return }
        session.leave(room)
        forget(room)
    }

    private func forget(_ room: RoomName) {
        rooms.removeAll { $0 == room }
        if current == room { current = rooms.last }
    }

    private func who(_ name: String?) async {
        guard let room = await named(name) else { return }
        do {
            let (members, count) = try await session.who(room)
            let names = members.map { VisibleText($0.user).value }.joined(separator: ", ")
            try await output.print("-- \(room): \(count) here: \(names)")
        } catch {
            await output.say(CommandFailure(error).message ?? "no answer")
        }
    }

    private func listRooms() async {
        do {
            for room in try await session.rooms(limit: 100) {
                try await output.print("-- \(room.room): \(room.members) here")
            }
        } catch {
            await output.say(CommandFailure(error).message ?? "no answer")
        }
    }

    /// The room that was named, else the current one.
    private func named(_ name: String?) async -> RoomName? {
        guard let name else { return current }
        return await roomName(name)
    }

    private func roomName(_ text: String) async -> RoomName? {
        do throws(WireError) {
            return try RoomName(text)
        } catch {
            await output.say(error.message)
            return nil
        }
    }

    private func settle(_ message: OutgoingMessage) {
        unsettled.remove(message.key)
        changes.notify()
    }

    private func waitForLast() async throws {
        while !unsettled.isEmpty { try await changes.next() }
    }
}
