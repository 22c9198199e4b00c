import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import NIOPosix

// A search reads page after page, each when its turn among all clients' reads has come, and looks through it on a thread of
// its own: the loops have other work, and searches wait for each other rather than chat for them.
extension Hub {
    /// One for all hubs of the process, never stopped.
    private static let searchThread: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    func search(
        _ frame: ClientFrame.Search, for connection: EdgeConnection, session: SessionID, ticket: AnswerQueue.Ticket
    ) {
        do throws(WireError) {
            readOn(try RoomSearch(frame), frame.ref, for: connection, session: session, ticket: ticket)
        } catch {
            answer(.error(ErrorFrame(ref: frame.ref, error)), to: connection, ticket)
        }
    }

    private func readOn(
        _ search: RoomSearch, _ ref: Ref?, for connection: EdgeConnection, session: SessionID,
        ticket: AnswerQueue.Ticket
    ) {
        inTurn(\.searching, weight: 1) { [self] () -> EventLoopFuture<(RoomSearch, ServerFrame.Found?)> in
            guard connections[session] === connection else {
                return loop.makeFailedFuture(BrokerError(.stopped, "Nobody waits for the answer any more."))
            }
            return lookThrough(search)
        }.whenComplete { [self] (result: Result<(RoomSearch, ServerFrame.Found?), any Error>) in
            switch result {
            case .success((let search, nil)):
                readOn(search, ref, for: connection, session: session, ticket: ticket)
            case .success((_, let found?)):
                metrics.searches.add(1)
                answer(.found(found), to: connection, ticket)
            case .failure(let error):
                answer(.error(Self.errorFrame(error, ref: ref)), to: connection, ticket)
            }
        }
    }

    /// Reads one page, and looks through it.
    private func lookThrough(_ search: RoomSearch) -> EventLoopFuture<(RoomSearch, ServerFrame.Found?)> {
        let query = search.query
        return read(weight: query.weight) { [broker] in broker.history(of: search.room, query) }
            .flatMap { [loop, metrics] page in
                metrics.searchedEntries.add(page.entries.count)
                return Self.searchThread.runIfActive(eventLoop: loop) {
                    var search = search
                    let found = search.received(page)
                    return (search, found)
                }
            }
    }

    func answer(_ frame: ServerFrame, to connection: EdgeConnection, _ ticket: AnswerQueue.Ticket) {
        let bytes = FrameBytes.text(frame)
        connection.shard.run { _ in connection.answer(ticket, with: bytes) }
    }
}
