import ChatWire
import Foundation
import TerminalUI

extension FullScreen {
    /// Chats on the whole terminal until the user leaves.
    /// - Throws: ``CommandFailure`` where the server ended it; what the outbox, the certificates or the terminal throw.
    static func run(_ setup: ScreenSetup) async throws {
        var setup = setup
        setup.configuration.measuresLatency = true
        // What a name that the server refuses leads back to.
        var former: ScreenSetup?
        var trouble: String?
        while true {
            let keeper = ScreenKeeper(setup)
            (setup.preferences, setup.keptRooms) = await (keeper.loadPreferences(), keeper.loadRooms())
            let outcome = try await once(setup, trouble: trouble)
            trouble = nil
            if outcome.unsent == 1 { say("1 message is not stored yet; kept") }
            if outcome.unsent > 1 { say("\(outcome.unsent) messages are not stored yet; kept") }
            if outcome.wasConnected { former = nil }
            switch outcome.ending {
            case .left: return
            case .stopped(let reason):
                guard let before = former else { throw CommandFailure(reason) }
                trouble = "you are \(before.configuration.user ?? "who you were"): \(reason.message)"
                (setup, former) = (before, nil)
            case .loggedOut:
                guard let state = setup.state else { return }
                let wasThere = try LoginStore(state: state, server: setup.configuration.server).forget()
                return say(wasThere ? "the token is forgotten" : "no token was kept")
            case .renamed(let name):
                // The rooms that were joined meanwhile are kept; those of two belong to the former name.
                setup.rooms = outcome.rooms
                setup.shownFirst = outcome.shown
                former = setup
                setup.configuration.user = name
                setup.owner = OutboxOwner.name(of: setup.configuration)
                setup.configuration.outboxPath = setup.state?.outbox(setup.configuration.server, owner: setup.owner)
            }
        }
    }

    /// One session on the screen. The terminal is itself again when it returns.
    private static func once(_ setup: ScreenSetup, trouble: String?) async throws -> Outcome {
        let session = try await ChatSession(setup.configuration)
        do {
            if let state = setup.state { try? AtomicFile.makeFolder(of: state.log) }
            let options = Terminal.Options(mouse: setup.hasMouse, errorLog: setup.state?.log)
            return try await Terminal.run(options) { terminal in
                let screen = FullScreen(setup, session: session, terminal: terminal)
                return await withTaskExecutorPreference(terminal.executor) { await screen.run(trouble: trouble) }
            }
        } catch {
            await session.close()
            throw error
        }
    }

    private static func say(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("termchat: \(text)\n".utf8))
    }
}
