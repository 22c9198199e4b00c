import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import NIOPosix

// A search reads page after page, each when its turn among all clients' reads has come, and looks through it on a thread of
// the pool: the hub's loop has other work.
extension Hub {
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
        // Nobody waits for the answer any more.
        guard connections[session] === connection else { return }
        let query = search.query
        read(weight: query.weight) { [broker] in broker.history(of: search.room, query) }
            .flatMap { [loop, metrics] page -> EventLoopFuture<(RoomSearch, ServerFrame.Found?)> in
                metrics.searchedEntries.add(page.entries.count)
                return NIOThreadPool.singleton.runIfActive(eventLoop: loop) {
                    var search = search
                    let found = search.received(page)
                    return (search, found)
                }
            }
            .whenComplete { [self] result in
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

    func answer(_ frame: ServerFrame, to connection: EdgeConnection, _ ticket: AnswerQueue.Ticket) {
        let bytes = FrameBytes.text(frame)
        connection.shard.run { _ in connection.answer(ticket, with: bytes) }
    }
}
