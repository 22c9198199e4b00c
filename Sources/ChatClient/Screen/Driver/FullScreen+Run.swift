import ChatWire
import Foundation
import NIOPosix
import TerminalUI

extension FullScreen {
    /// Chats on the whole terminal until the user leaves.
    /// - Throws: ``CommandFailure`` where the server ended it; what the outbox, the certificates or the terminal throw.
    static func run(_ setup: ScreenSetup) async throws {
        var setup = setup
        setup.configuration.measuresLatency = true
        await setup.loadKept()
        let session = try await ChatSession(setup.configuration)
        if let state = setup.state { try? AtomicFile.makeFolder(of: state.log) }
        let options = Terminal.Options(mouse: setup.hasMouse, errorLog: setup.state?.log)
        let outcome: Outcome
        do {
            let first = setup
            outcome = try await Terminal.run(options) { try await chat(first, session, on: $0) }
        } catch {
            // Where the terminal could not be had; another time does nothing.
            await session.close()
            throw error
        }
        if outcome.unsent > 0 { say(whatIsKept(outcome.unsent)) }
        switch outcome.ending {
        case .left, .renamed: break
        case .stopped(let reason): throw CommandFailure(reason)
        case .loggedOut:
            guard let state = setup.state else { return }
            let wasThere = try LoginStore(state: state, server: setup.configuration.server).forget()
            say(wasThere ? "the token is forgotten" : "no token was kept")
        }
    }

    /// One session after the other, as the user changes the name. The terminal stays as it is between them: what is typed
    /// then is for the next one.
    private static func chat(
        _ first: ScreenSetup, _ firstSession: ChatSession, on terminal: Terminal
    ) async throws -> Outcome {
        let keys = ScreenKeys(loop: MultiThreadedEventLoopGroup.singleton.next())
        var (setup, session) = (first, firstSession)
        // What a name that the server refuses leads back to.
        var former: ScreenSetup?
        var trouble: String?
        while true {
            let screen = FullScreen(setup, session: session, terminal: terminal, keys: keys)
            let said = trouble
            let outcome = await withTaskExecutorPreference(terminal.executor) { await screen.run(trouble: said) }
            if outcome.wasConnected { (former, setup.isOnTrial) = (nil, false) }
            let last = setup
            trouble = nil
            switch outcome.ending {
            case .left, .loggedOut: return outcome
            case .stopped(let reason):
                guard let before = former else { return outcome }
                (setup, former) = (before.bringing(outcome.luggage), nil)
                trouble = whoYouAre(before, reason.message)
                session = try await ChatSession(setup.configuration)
            case .renamed(let name):
                do {
                    let next = setup.renamed(name, with: outcome.luggage)
                    session = try await ChatSession(next.configuration)
                    (setup, former) = (next, former ?? setup)
                } catch {
                    // Its outbox cannot be opened.
                    setup = setup.bringing(outcome.luggage)
                    trouble = whoYouAre(setup, words(for: error))
                    session = try await ChatSession(setup.configuration)
                }
            }
            if outcome.unsent > 0 {
                trouble = [trouble, whatIsKept(outcome.unsent)].compactMap(\.self).joined(separator: "; ")
            }
            await ScreenKeeper(setup).take(outcome.luggage.drafts, from: ScreenKeeper(last))
            await setup.loadKept()
            terminal.setMouse(setup.hasMouse)
        }
    }

    private static func whoYouAre(_ setup: ScreenSetup, _ reason: String) -> String {
        "you are \(setup.configuration.user ?? "who you were"): \(reason)"
    }

    private static func whatIsKept(_ unsent: Int) -> String {
        unsent == 1 ? "1 message is not stored yet; kept" : "\(unsent) messages are not stored yet; kept"
    }

    private static func say(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("termchat: \(text)\n".utf8))
    }
}

extension ScreenSetup {
    /// What this name has on disk.
    fileprivate mutating func loadKept() async {
        let keeper = ScreenKeeper(self)
        (preferences, keptRooms) = await (keeper.loadPreferences(), keeper.loadRooms())
    }
}
