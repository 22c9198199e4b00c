import ArgumentParser
import ChatWire
import NIOCore

/// `termchat send ROOM [TEXT…]`: stores messages, and is done when the server has acknowledged every one.
struct Send: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a message, or every line of standard input as one.",
        discussion: """
            'make 2>&1 | termchat send ops' sends the lines as they come. It waits when the server limits the rate, \
            reconnects when the connection is lost, and ends with status 0 only when every message is stored.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The room.") var room: String

    @Argument(help: "The message; without it, every line of standard input is one.") var text: [String] = []

    @Option(help: "Seconds without any progress before it gives up with status 3.") var timeout = 30.0

    @Option(
        help: "Messages sent ahead of their acknowledgements. Above 1, one that is refused for now may be overtaken.")
    var pipeline = 1

    func validate() throws {
        guard (1...256).contains(pipeline) else { throw ValidationError("--pipeline is 1 to 256.") }
        guard timeout > 0 else { throw ValidationError("--timeout is above 0.") }
        try TimeoutOption.validate(timeout)
    }

    func run() async throws {
        let room = try RoomName.argument(room)
        var configuration = try await connection.configuration()
        configuration.window = pipeline
        let server = configuration.server.description
        let fixed = text.isEmpty ? nil : text.joined(separator: " ")
        let outcome = try await LineReader.with { reader in
            try await ChatSession.with(configuration) { session in
                session.join(room, limit: 0)
                let sender = Sender(
                    session: session, room: room, server: server, timeout: .seconds(Int64(timeout.rounded(.up))))
                return try await sender.run(fixed.map { .text($0) } ?? .input(reader))
            }
        }
        if outcome.refused > 0 {
            throw CommandFailure(
                outcome.isForbidden ? .notPermitted : .failed, "\(outcome.refused) refused, \(outcome.stored) stored.")
        }
    }
}

/// Where the messages of `send` come from.
private enum MessageSource: Sendable {
    case text(String)
    case input(LineReader)
}

/// Feeds lines into the session no faster than they are stored, and counts how they end.
private actor Sender {
    struct Outcome: Sendable {
        var stored = 0
        var refused = 0
        var isForbidden = false
    }

    private let session: ChatSession
    private let room: RoomName
    private let server: String
    private let timeout: TimeAmount
    private let output = LineOutput()
    private var outcome = Outcome()
    private var outstanding = 0
    private var lastProgress = NIODeadline.now()
    private let changes = ChangeSignal()

    init(session: ChatSession, room: RoomName, server: String, timeout: TimeAmount) {
        self.session = session
        self.room = room
        self.server = server
        self.timeout = timeout
    }

    func run(_ source: MessageSource) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.watchEvents() }
            group.addTask { try await self.watchProgress() }
            group.addTask { try await self.feed(source) }
            defer { group.cancelAll() }
            // The watchers end only by throwing; the first to return is the feeder, and everything is settled.
            try await group.next()
        }
        return outcome
    }

    private func feed(_ source: MessageSource) async throws {
        switch source {
        case .text(let text):
            try await send(text)
            try await wait(below: 1)
        case .input(let reader):
            try await feed(reader)
        }
    }

    /// - Throws: also where the input breaks off, once what came before is stored.
    private func feed(_ reader: LineReader) async throws {
        var failure: CommandFailure?
        while let line = await reader.next() {
            switch line {
            case .text(let line):
                let text = OutgoingText.clean(line)
                if !text.allSatisfy(\.isWhitespace) { try await send(text) }
            case .tooLong(let number, let bytes):
                outcome.refused += 1
                await output.say("refused (\(InputLine.tooLongWords(number: number, bytes: bytes)))")
            case .unreadable(let words):
                failure = CommandFailure(.failed, words)
            }
        }
        try await wait(below: 1)
        if let failure { throw failure }
    }

    private func send(_ text: String) async throws {
        try await wait(below: Self.outstandingMax)
        if outstanding == 0 { lastProgress = .now() }
        outstanding += 1
        do {
            try await session.send(OutgoingMessage(room: room, body: text))
        } catch SendError.invalid(let error) {
            await refused(text, error.message, isForbidden: false)
        }
    }

    private func watchEvents() async throws {
        for await event in session.events {
            switch event {
            case .stored:
                outcome.stored += 1
                settled()
            case .refused(let message, let error):
                let isForbidden = error.code == .forbidden || error.code == .unauthorized
                await refused(message.body, error.message, isForbidden: isForbidden)
            case .kept(let message, _):
                await refused(message.body, "it may be stored already", isForbidden: false)
            case .delayed(_, let error, _):
                // Waiting for one's turn is progress; waiting for a store that is away is not.
                if error.code == .rateLimited { lastProgress = .now() }
            case .disconnected(let reason, let retryAt, let attempt):
                await output.say(
                    LineView.waiting(VisibleText(reason).value, until: retryAt, attempt: attempt, now: .now()))
            case .roomRefused(_, let error):
                throw CommandFailure(error)
            case .stopped(let reason):
                throw CommandFailure(reason)
            default:
                continue
            }
        }
        throw CancellationError()
    }

    private func watchProgress() async throws {
        while true {
            let left = outstanding > 0 ? lastProgress + timeout - .now() : timeout
            guard left > .zero else {
                throw CommandFailure(.unavailable, "\(server) did not store \(outstanding) messages in time.")
            }
            try await Task.sleep(for: .nanoseconds(left.nanoseconds))
        }
    }

    private func refused(_ text: String, _ reason: String, isForbidden: Bool) async {
        outcome.refused += 1
        outcome.isForbidden = outcome.isForbidden || isForbidden
        settled()
        await output.say("refused (\(VisibleText(reason).value)): \(VisibleText(String(text.prefix(80))).value)")
    }

    private func settled() {
        outstanding -= 1
        lastProgress = .now()
        changes.notify()
    }

    private func wait(below count: Int) async throws {
        while outstanding >= count { try await changes.next() }
    }

    /// Messages read from the input before the first of them is stored.
    private static let outstandingMax = 256
}
