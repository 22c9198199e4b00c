import ChatBroker
import ChatCore
import ChatIdentity
import ChatWire
import Logging
import NIOCore

// What a connection asks for besides joining. Each answer goes back to the connection's shard with its ticket.
extension Hub {
    func leave(_ connection: EdgeConnection, session: SessionID, user: UserName, ref: Ref?, room: RoomName) {
        // Not for the connection that resumed the session meanwhile.
        guard connections[session] === connection else { return replace(connection) }
        depart(session, user: user, room: room, reason: .left)
        let frame = FrameBytes.text(.left(ref: ref, room: room))
        connection.shard.run { _ in connection.left(room, frame: frame) }
    }

    func publish(
        _ draft: Draft, ref: Ref?, to room: RoomName, by session: SessionID, for connection: EdgeConnection,
        ticket: AnswerQueue.Ticket
    ) {
        broker.publish(draft, to: room).whenComplete { [metrics] result in
            var json = ByteBuffer()
            switch result {
            case .success(let receipt):
                metrics.published.add(1)
                if room.isDirect, !receipt.isDuplicate {
                    self.saidInDirectRoom(room, by: Principal(draft.user, isGuest: session.isGuest))
                }
                ServerFrame.writeAck(ref: ref, room: room, id: receipt.id, duplicate: receipt.isDuplicate, into: &json)
            case .failure(let error):
                metrics.publishFailures.add(1)
                ServerFrame.error(Self.errorFrame(error, ref: ref)).encode(into: &json)
            }
            let frame = FrameBytes.text(json: json)
            connection.shard.run { _ in connection.answer(ticket, with: frame) }
        }
    }

    func history(_ frame: ClientFrame.History, for connection: EdgeConnection, ticket: AnswerQueue.Ticket) {
        let query: HistoryQuery =
            switch frame.direction {
            case .before(let position): .before(position, limit: frame.limit)
            case .after(let position): .after(position, limit: frame.limit)
            case .newest: .newest(limit: frame.limit)
            }
        read(weight: query.weight) { [broker] in broker.history(of: frame.room, query) }.whenComplete { result in
            var json = ByteBuffer()
            switch result {
            case .success(let page):
                let rendered = page.entries.map { FrameBytes.rendered($0, room: frame.room) }
                var keepsNewest = true
                if case .after = frame.direction { keepsNewest = false }
                let (entries, wasCut) = Self.cut(rendered, keepingNewest: keepsNewest)
                ServerFrame.writeHistory(
                    ref: frame.ref, room: frame.room, renderedEntries: entries.map(\.json), more: page.more || wasCut,
                    into: &json)
            case .failure(let error):
                ServerFrame.error(Self.errorFrame(error, ref: frame.ref)).encode(into: &json)
            }
            let answer = FrameBytes.text(json: json)
            connection.shard.run { _ in connection.answer(ticket, with: answer) }
        }
    }

    func who(_ ref: Ref?, room name: RoomName, for connection: EdgeConnection, ticket: AnswerQueue.Ticket) {
        if let room = rooms[name], room.hasRoster {
            return answerWho(ref, name, room.roster, connection, ticket)
        }
        read(weight: EdgeLimits.whoWeight) { [broker] in broker.occupants(of: name) }.whenComplete { result in
            switch result {
            case .success(let occupants):
                var roster = Roster()
                let read = roster.snapshotAsked()
                _ = roster.replace(with: occupants, from: read) { _ in false }
                self.answerWho(ref, name, roster, connection, ticket)
            case .failure(let error):
                let frame = FrameBytes.text(.error(Self.errorFrame(error, ref: ref)))
                connection.shard.run { _ in connection.answer(ticket, with: frame) }
            }
        }
    }

    /// Answers with those rooms that the user may read, by last activity, newest first.
    func rooms(
        limit: Int, readableBy rights: RoomRights, ref: Ref?, for connection: EdgeConnection,
        ticket: AnswerQueue.Ticket
    ) {
        // Rooms that the user may not read are not there for it, so more are looked at than are shown.
        let among = rights.readsEveryRoom ? limit : EdgeLimits.roomsLookedAtMax
        read(weight: 1 + limit) { [broker] in
            broker.rooms(limit: limit, among: among) { rights.allows(.read, $0) }
        }.whenComplete { result in
            let answer: ServerFrame =
                switch result {
                case .success(let rooms):
                    .rooms(
                        ref: ref,
                        rooms: rooms.map {
                            RoomListing(room: $0.room, members: $0.members, lastActivity: $0.lastActivity)
                        })
                case .failure(let error): .error(Self.errorFrame(error, ref: ref))
                }
            connection.shard.run { _ in connection.answer(ticket, with: FrameBytes.text(answer)) }
        }
    }

    private func answerWho(
        _ ref: Ref?, _ room: RoomName, _ roster: Roster, _ connection: EdgeConnection, _ ticket: AnswerQueue.Ticket
    ) {
        let (members, count) = roster.members()
        let frame = FrameBytes.text(.members(ref: ref, room: room, members: members, count: count))
        connection.shard.run { _ in connection.answer(ticket, with: frame) }
    }

    /// What a peer is told of a broker's error: never its words.
    static func errorFrame(_ error: any Error, ref: Ref?) -> ErrorFrame {
        let code = (error as? BrokerError)?.code
        switch code {
        case .unavailable, .stopped:
            return ErrorFrame(
                ref: ref, code: .unavailable, message: "The message store is away; nothing was stored. Try again.",
                retryAfterMilliseconds: 1000)
        case .overloaded:
            return ErrorFrame(
                ref: ref, code: .unavailable, message: "Too much is waiting; nothing was stored. Try again.",
                retryAfterMilliseconds: 500)
        case .unknown:
            return ErrorFrame(
                ref: ref, code: .internal, message: "Whether this was stored is not known; look into the history.")
        case .unexpectedReply, nil:
            return ErrorFrame(ref: ref, code: .internal, message: "The server could not do this; try again.")
        }
    }
}
