import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

// Rooms of two.
extension Hub {
    /// Asks for the room of the two; the other one is offered it wherever they are.
    func direct(
        with partner: Principal, by principal: Principal, ref: Ref?, for connection: EdgeConnection,
        ticket: AnswerQueue.Ticket
    ) {
        guard let pair = DirectPair(principal, partner), let room = try? pair.room else {
            let error = ErrorFrame(ref: ref, code: .invalidUser, message: "A direct room is with somebody else.")
            return answer(.error(error), to: connection, ticket)
        }
        broker.noteDirect(pair).whenComplete { [self] result in
            switch result {
            case .success:
                sendOffer(of: room, to: partner, from: principal)
                answer(
                    .direct(ref: ref, room: room, user: partner.user.value, isGuest: partner.isGuest),
                    to: connection, ticket)
            case .failure(let error):
                answer(.error(Self.errorFrame(error, ref: ref)), to: connection, ticket)
            }
        }
    }

    func directs(
        of principal: Principal, limit: Int, ref: Ref?, for connection: EdgeConnection, ticket: AnswerQueue.Ticket
    ) {
        read(weight: 1 + limit / 100) { [broker] in broker.directs(of: principal, limit: limit) }.whenComplete {
            [self] result in
            let frame: ServerFrame =
                switch result {
                case .success(let directs):
                    .directs(
                        ref: ref,
                        directs: directs.map {
                            DirectListing(
                                room: $0.room, user: $0.partner.user.value, isGuest: $0.partner.isGuest,
                                lastActivity: $0.lastActivity)
                        })
                case .failure(let error): .error(Self.errorFrame(error, ref: ref))
                }
            answer(frame, to: connection, ticket)
        }
    }

    /// Who has not joined the room must hear all the same that something was said, and find it in the list later.
    func saidInDirectRoom(_ name: RoomName, by author: Principal) {
        guard let room = rooms[name], let pair = room.pair, let partner = pair.partner(of: author) else { return }
        let now = NIODeadline.now()
        // Who was offered it a moment ago knows that something is said.
        if let offered = room.offered[partner], now - offered < EdgeLimits.offerInterval { return }
        room.offered[partner] = now
        broker.noteDirect(pair).whenFailure { [logger] error in
            logger.debug("a direct room could not be listed", metadata: ["error": "\(error)"])
        }
        sendOffer(of: name, to: partner, from: author)
    }

    private func sendOffer(of room: RoomName, to partner: Principal, from principal: Principal) {
        broker.send(.offering(room, to: partner, from: principal), to: nil).whenFailure { [logger] error in
            logger.debug("a direct room could not be offered", metadata: ["error": "\(error)"])
        }
    }

    /// Some node says that the room is to be offered.
    func offer(_ room: String, to partner: String, user: String, isGuest: Bool) {
        guard let room = try? RoomName(room), room.isDirect, let partner = Principal(partner) else { return }
        let outside = sessions.sessions(of: partner).filter { sessions[$0]?.rooms[room] != .present }
        let frame = FrameBytes.text(.direct(ref: nil, room: room, user: user, isGuest: isGuest))
        for connection in outside.compactMap({ connections[$0] }) {
            metrics.offers.add(1)
            connection.shard.run { _ in connection.tell(frame) }
        }
    }
}
