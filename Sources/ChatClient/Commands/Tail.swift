import ArgumentParser
import ChatWire
import NIOCore

/// `termchat tail ROOM…`: prints what is said, until it is interrupted.
struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what is said in rooms, now and from now on.",
        discussion: """
            Every entry is printed once, in order, across reconnects. Where entries can no longer be had it says so, \
            and the exit status is 5. With --state the next run goes on behind the last line that was printed.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The rooms.") var rooms: [String]

    @Flag(
        help:
            "Each entry as the JSON object that the server sent, one a line, with controls and the like as \\u escapes."
    )
    var json = false

    @Option(help: ArgumentHelp("Begin after this position instead of with recent entries.", valueName: "position"))
    var since: String?

    @Option(
        help: ArgumentHelp(
            "Keep in this file how far each room was printed, and go on from there.", valueName: "file"),
        completion: .file())
    var state: String?

    @Option(help: "Recent entries of each room to begin with.") var count = 10

    @Flag(inversion: .prefixedNo, help: "Go on with what is said from now on.") var follow = true

    @Option(help: "With --no-follow: seconds to wait for the server.") var timeout = 30.0

    func validate() throws {
        guard (0...Limits.pageEntriesMax).contains(count) else {
            throw ValidationError("--count is 0 to \(Limits.pageEntriesMax).")
        }
        guard since == nil || since.flatMap(Position.init) != nil else {
            throw ValidationError("--since is a position as 'tail --json' prints it: 1700000000000-0.")
        }
        try TimeoutOption.validate(timeout)
    }

    func run() async throws {
        let rooms = try rooms.map { try RoomName.argument($0) }
        let configuration = try await connection.configuration()
        let termination = Termination()
        let state = try state.map { try TailState(path: $0) }
        let printer = TailPrinter(rooms: rooms, json: json, server: configuration.server, state: state)
        do {
            try await ChatSession.with(configuration) { session in
                let cursors = await state?.cursors ?? TailCursors()
                for room in rooms {
                    let since = cursors[configuration.server, room] ?? since.flatMap(Position.init)
                    session.join(room, since: since, limit: count)
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await printer.print(session.events, untilCaughtUp: !follow) }
                    group.addTask { await termination.wait() }
                    if !follow {
                        group.addTask {
                            try await Task.sleep(for: .seconds(timeout))
                            throw CommandFailure(
                                .unavailable, await session.noAnswer(from: configuration.server))
                        }
                    }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        } catch is LineOutput.Closed {
            // The reader has seen enough.
        }
        try await state?.close()
        if await printer.hasGap { throw CommandFailure(.gap, "Some messages could not be had any more.") }
    }
}

/// Prints the entries and gaps of a session.
private actor TailPrinter {
    private(set) var hasGap = false
    private var catchingUp: Set<RoomName>
    /// Where each room ended when it was joined.
    private var joinedAt: [RoomName: Position] = [:]
    private let json: Bool
    private let server: ServerAddress
    private let state: TailState?
    private let output = LineOutput()
    private var view: LineView

    init(rooms: [RoomName], json: Bool, server: ServerAddress, state: TailState?) {
        self.json = json
        self.server = server
        self.state = state
        catchingUp = Set(rooms)
        view = LineView(style: LineStyle(hasColor: LineOutput.mayColor))
        view.showsPresence = false
        view.namesRooms = catchingUp.count > 1
    }

    func print(_ events: SessionEvents, untilCaughtUp: Bool) async throws {
        for await event in events {
            try await print(event)
            switch event {
            case .joined(let joined):
                joinedAt[joined.room] = joined.position
            case .entry(let room, let entry):
                try await state?.printed(entry.id, of: room, at: server)
            case .stopped(let reason):
                throw CommandFailure(reason)
            case .roomRefused(_, let error):
                throw CommandFailure(error)
            case .caughtUp(let room, _):
                catchingUp.remove(room)
                // A room where nothing was said has a place to go on from as well.
                if let state, await state.cursors[server, room] == nil, let position = joinedAt[room] {
                    try await state.printed(position, of: room, at: server)
                }
                if untilCaughtUp, catchingUp.isEmpty { return }
            default:
                continue
            }
        }
    }

    private func print(_ event: SessionEvent) async throws {
        switch event {
        case .gap(let room, let after, let before):
            hasGap = true
            if json {
                try await output.print(#"{"type":"gap","room":"\#(room)","after":"\#(after)","before":"\#(before)"}"#)
                return
            }
        case .entry(let room, let entry) where json:
            var line = ByteBuffer()
            entry.writeJSON(room: room, into: &line)
            try await output.print(JSONLine.printable(String(buffer: line)))
            return
        case .stopped, .roomRefused, .connected:
            return
        default:
            break
        }
        for line in view.lines(for: event, now: .now()) {
            switch line {
            case .text(let text): try await output.print(text)
            case .status(let text): await output.say(text)
            case .waiting(let reason, let until, let attempt):
                await output.say(LineView.waiting(reason, until: until, attempt: attempt, now: .now()))
            case .connected: break
            }
        }
    }
}
