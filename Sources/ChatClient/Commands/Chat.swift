import ArgumentParser
import ChatWire
import TerminalUI

/// `termchat [ROOM…]`: chats, on the whole screen or line by line.
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Chat in rooms.",
        discussion: """
            A line is a message to the current room, the first one named; /help lists what else a line may be. \
            The screen comes back with the rooms that you were in. \
            With --plain, and wherever there is no terminal to draw on, lines are printed one below the other.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "The rooms to join (default: those of config.toml and those you were in last, else lobby).")
    var rooms: [String] = []

    @Flag(help: "Print lines, and draw nothing: for screen readers, logs and simple terminals.") var plain = false

    @Option(help: "Recent entries of each room to begin with.") var count = 20

    @Option(help: "Seconds to wait, after the end of input, for messages to be stored.") var timeout = 30.0

    func validate() throws {
        guard (0...Limits.pageEntriesMax).contains(count) else {
            throw ValidationError("--count is 0 to \(Limits.pageEntriesMax).")
        }
        try TimeoutOption.validate(timeout)
    }

    func run() async throws {
        let named = try rooms.map { try RoomName.argument($0) }
        var choice = try connection.choice()
        try await choice.signIn()
        choice.session.outboxPath = choice.state?.outbox(choice.session.server, owner: choice.owner)
        StandardDescriptors.discardMissingOutput()
        switch ChatSurface(plain: plain, .here) {
        case .plain:
            let beginning = KeptRooms().beginning(named: named, configured: choice.rooms ?? [])
            try await chatInLines(choice.session, beginning.rooms)
        case .fullScreen: try await chatOnScreen(choice, named)
        }
    }

    private func chatOnScreen(_ choice: ConnectionChoice, _ rooms: [RoomName]) async throws {
        let environment = Surroundings.environment
        var setup = ScreenSetup(
            configuration: choice.session, rooms: rooms, count: count, state: choice.state, owner: choice.owner,
            colors: ColorLevel(environment: environment), glyphs: Glyphs.suited(to: environment))
        setup.notifications = TerminalSequence.NotificationKind(environment: environment)
        setup.configuredRooms = choice.rooms ?? []
        setup.settings = choice.settings
        try await FullScreen.run(setup)
    }

    private func chatInLines(_ configuration: ChatSession.Configuration, _ rooms: [RoomName]) async throws {
        let termination = Termination()
        let outcome = try await LineReader.with { reader in
            try await ChatSession.with(configuration) { session in
                let style = LineStyle(hasColor: LineOutput.mayColor)
                let chat = LineChat(session: session, rooms: rooms, count: count, style: style)
                return try await chat.run(reader, termination: termination, timeout: timeout)
            }
        }
        if outcome.refused > 0 { throw CommandFailure(.failed, "\(outcome.refused) messages were refused.") }
        if let refusal = outcome.roomRefusal { throw CommandFailure(CommandFailure(refusal).status) }
    }
}
