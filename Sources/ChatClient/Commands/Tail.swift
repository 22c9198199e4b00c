import ArgumentParser
import ChatWire
import NIOCore

/// `termchat tail ROOM…`: prints what is said, until it is interrupted.
struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what is said in rooms, now and from now on.",
        discussion: """
            Every entry is printed once, in order, across reconnects. Where entries can no longer be had it says so, \
            and the exit status is 5.
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
        let printer = TailPrinter(rooms: rooms, json: json)
        do {
            try await ChatSession.with(configuration) { session in
                for room in rooms { session.join(room, since: since.flatMap(Position.init), limit: count) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await printer.print(session.events, untilCaughtUp: !follow) }
                    group.addTask { await termination.wait() }
                    if !follow {
                        group.addTask {
                            try await Task.sleep(for: .seconds(timeout))
                            throw CommandFailure(.unavailable, "No answer from \(configuration.server).")
                        }
                    }
                    defer { group.cancelAll() }
                    try await group.next()
                }
            }
        } catch is LineOutput.Closed {
            // The reader has seen enough.
        }
        if await printer.hasGap { throw CommandFailure(.gap, "Some messages could not be had any more.") }
    }
}

/// Prints the entries and gaps of a session.
private actor TailPrinter {
    private(set) var hasGap = false
    private var catchingUp: Set<RoomName>
    private let json: Bool
    private let output = LineOutput()
    private var view: LineView

    init(rooms: [RoomName], json: Bool) {
        self.json = json
        catchingUp = Set(rooms)
        view = LineView(style: LineStyle(hasColor: LineOutput.mayColor))
        view.showsPresence = false
        view.namesRooms = catchingUp.count > 1
    }

    func print(_ events: SessionEvents, untilCaughtUp: Bool) async throws {
        for await event in events {
            try await print(event)
            switch event {
            case .stopped(let reason):
                throw CommandFailure(reason)
            case .roomRefused(_, let error):
                throw CommandFailure(error)
            case .caughtUp(let room, _):
                catchingUp.remove(room)
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
