import ChatWire
import Foundation
import NIOCore
import TerminalUI

/// One question of the model to the server, and its answer as an event.
struct ScreenRequest: Sendable {
    private let action: ScreenAction
    private let session: ChatSession
    private let setup: ScreenSetup

    /// How long the person waits before they are told that there is no answer.
    static let seconds = 10.0
    static let olderEntries = 100
    static let foundEntries = 50
    static let roomsListed = 100
    static let filesListed = 100

    init(_ action: ScreenAction, session: ChatSession, setup: ScreenSetup) {
        self.action = action
        self.session = session
        self.setup = setup
    }

    func answer(to inbox: ScreenInbox) async {
        do {
            inbox.putUrgent(try await withTimeout(seconds: Self.seconds, "no answer") { try await ask() })
        } catch is CancellationError {
            return
        } catch {
            inbox.putUrgent(failure(FullScreen.words(for: error)))
        }
    }

    private func ask() async throws -> ScreenEvent {
        switch action {
        case .loadOlder(let room, let before):
            let page = try await session.history(room, .before(before), limit: Self.olderEntries)
            return .older(room, page.entries, more: page.more)
        case .search(let room, let text, let before):
            let page = try await session.search(room, text: text, before: before, limit: Self.foundEntries)
            return .found(room, query: text, page.entries, before: page.more ? page.before : nil)
        case .setTopic(let room, let topic):
            try await session.setTopic(room, topic)
            return .tick
        case .openDirect(let user):
            let asksForGuest = user.hasPrefix(RoomModel.guestSign)
            let name = asksForGuest ? String(user.dropFirst(RoomModel.guestSign.count)) : user
            let (room, isGuest) = try await session.direct(with: name, isGuest: asksForGuest)
            return .directOpened(room, with: user, isGuest: isGuest)
        case .askDirects:
            return .directs(try await session.directs())
        case .askWho(let room):
            let (members, count) = try await session.who(room)
            let names = members.map { VisibleText($0.user).value }.joined(separator: ", ")
            return .answered([Span("\(count) here: \(names)")])
        case .askRooms:
            let rooms = try await session.rooms(limit: Self.roomsListed)
            let names = rooms.map { "#\($0.room) (\($0.members))" }.joined(separator: "  ")
            return .answered([Span(names.isEmpty ? "no rooms" : names)])
        case .askFiles(let room):
            let listing = FileListing(server: try FileServer(setup.configuration), room: room, patience: .seconds(10))
            return .files(room, try await listing.newest(limit: Self.filesListed))
        default:
            return .tick
        }
    }

    private func failure(_ reason: String) -> ScreenEvent {
        switch action {
        case .loadOlder(let room, _): .older(room, nil, more: true)
        case .search(let room, let text, _): .searchFailed(room, query: text, reason: reason)
        case .openDirect(let user): .directFailed(with: user, reason: reason)
        // Nobody asked; the next connection asks again.
        case .askDirects: .tick
        default: .failed(reason)
        }
    }
}
