import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

// How far users have read.
extension Hub {
    func markRead(_ name: RoomName, upTo position: Position, session: SessionID, user: UserName) {
        // Who has left meanwhile reads no more.
        guard let room = rooms[name], sessions[session]?.rooms[name] == .present, room.feed.hasStarted else { return }
        let principal = Principal(user, isGuest: session.isGuest)
        // What is not there yet cannot have been read.
        let mark = ReadMark(principal: principal, session: session, position: min(position, room.feed.last))
        guard mark.position > .zero,
            markers.marked(mark, in: name, now: .now(), isBrokerThere: link == .up)
        else { return }
        writeMarker(.init(room: name, mark: mark))
    }

    /// While the broker is away they wait, the last of each.
    func writeDueMarkers(now: NIODeadline) {
        guard link == .up, !markers.isEmpty else { return }
        for write in markers.due(now: now) { writeMarker(write) }
    }

    /// The session's connection is gone: what it said is to be found wherever the user comes next.
    func writeMarkers(of session: SessionID) {
        guard link == .up, !markers.isEmpty, let user = sessions[session]?.user else { return }
        let principal = Principal(user, isGuest: session.isGuest)
        for write in markers.take(of: principal, session: session) { writeMarker(write) }
    }

    /// A marker that is lost is made good by the next one.
    func writeMarker(_ write: ReadMarkers.Write) {
        metrics.readMarks.add(1)
        // Mostly nobody else needs to hear of it.
        let isTold = rooms[write.room].map { room in
            let own = room.roster.contains(write.mark.session) ? 1 : 0
            return room.roster.sessionCount(of: write.mark.principal.user) > own
        }
        broker.markRead(write.mark, in: write.room, isTold: isTold ?? true).whenFailure { [logger] error in
            logger.debug("a read marker could not be written", metadata: ["error": "\(error)"])
        }
    }

    /// To the user's other sessions here that are in the room.
    func tellRead(_ mark: ReadMark, in room: RoomName) {
        let others = sessions.sessions(of: mark.principal).filter { session in
            session != mark.session && sessions[session]?.rooms[room] == .present
        }
        guard !others.isEmpty else { return }
        let frame = FrameBytes.text(.read(room: room, position: mark.position))
        for connection in others.compactMap({ connections[$0] }) {
            connection.shard.run { _ in connection.tell(frame) }
        }
    }
}

// What rooms are about.
extension Hub {
    func setTopic(
        _ text: String, ref: Ref?, in room: RoomName, by user: UserName, session: SessionID,
        for connection: EdgeConnection, ticket: AnswerQueue.Ticket
    ) {
        broker.setTopic(text, by: user, session: session, in: room).whenComplete { [self] result in
            let frame: ServerFrame =
                switch result {
                case .success(let topic): .topic(ref: ref, room: room, topic)
                case .failure(let error): .error(Self.errorFrame(error, ref: ref))
                }
            answer(frame, to: connection, ticket)
        }
    }

    /// Somebody's session, which is answered itself, said what the room is about.
    func receive(_ topic: Topic, of session: SessionID, in room: HubRoom) -> [RoomBatch.Segment] {
        room.heardTopic = true
        guard topic.time > room.topic?.time ?? 0 else { return [] }
        room.topic = topic
        let none: ByteBuffer? = nil
        return [told(topic, in: room, except: [session: none])]
    }

    /// After a link loss another node may have set one; a broker that lost its data has none.
    func readTopic(of room: HubRoom) {
        room.heardTopic = false
        room.topicReads += 1
        let number = room.topicReads
        broker.topic(of: room.name).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room, room.topicReads == number else { return }
            switch result {
            case .success(let topic):
                let isFirst = !room.hasTopic
                room.hasTopic = true
                topicRead(topic, in: room, isFirst: isFirst)
                answerWaiting(room)
            case .failure(let error): openingFailed(room, error)
            }
        }
    }

    private func topicRead(_ topic: Topic?, in room: HubRoom, isFirst: Bool) {
        guard let topic else {
            if !room.heardTopic { room.topic = nil }
            return
        }
        guard topic.time > room.topic?.time ?? 0 else { return }
        room.topic = topic
        if !isFirst { deliver([RoomBatch(room: room.name, segments: [told(topic, in: room, except: [:])])]) }
    }

    private func told(
        _ topic: Topic, in room: HubRoom, except: [SessionID: ByteBuffer?]
    ) -> RoomBatch.Segment {
        let frame = FrameBytes.text(.topic(ref: nil, room: room.name, topic))
        return .frame(frame, except: except, after: room.feed.last)
    }
}
