import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

// The link to the broker: what is said when it goes and comes, and how rooms catch up.
extension Hub {
    func linkChanged(to state: LinkState) {
        let was = link
        link = state
        switch state {
        case .up:
            logger.info("link to the broker is up", metadata: ["rooms": "\(rooms.count)"])
            for room in rooms.values where room.isSubscribed { subscribed(room) }
            reassertMembers()
            owesRestored = owesRestored || (was != .up && metrics.hasBeenUp)
            tellRestored()
            metrics.linkIsUp.set(1)
            metrics.hasBeenUp = true
        case .down(let reason):
            logger.warning("link to the broker is down", metadata: ["reason": "\(reason)"])
            for room in rooms.values {
                room.feed.linkLost()
            }
            metrics.linkIsUp.set(0)
            guard was == .up else { return }
            metrics.linkLosses.add(1)
            tellEveryone(.warning, .degraded, "The server cannot reach its message store; messages are delayed.")
        }
    }

    /// Says so once every room has caught up: what was missed has been delivered before.
    private func tellRestored() {
        guard owesRestored, link == .up, rooms.values.allSatisfy({ $0.feed.isLive || !$0.feed.hasStarted }) else {
            return
        }
        owesRestored = false
        tellEveryone(.info, .restored, "Messages flow again; nothing was lost on the way.")
    }

    /// Reads again what could not be read.
    func retryRooms() {
        guard link == .up else { return }
        for room in rooms.values where room.mustRetry {
            room.mustRetry = false
            if room.isSubscribed { subscribed(room) } else { open(room) }
        }
    }

    /// Subscribes and reads what a join needs. Called for a new room, and again by the next join after a failure.
    func open(_ room: HubRoom) {
        guard !room.isOpening else { return }
        room.isOpening = true
        broker.subscribe(to: room.name).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room else { return }
            switch result {
            case .success:
                room.isSubscribed = true
                subscribed(room)
            case .failure(let error): openingFailed(room, error)
            }
        }
    }

    /// The subscription is confirmed, for the first time or after a link loss: entries and roster catch up.
    private func subscribed(_ room: HubRoom) {
        perform(room.feed.subscribed(), in: room)
        broker.occupants(of: room.name).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room else { return }
            switch result {
            case .success(let occupants): rosterRead(occupants, in: room)
            case .failure(let error): openingFailed(room, error)
            }
        }
    }

    private func rosterRead(_ occupants: [Occupant], in room: HubRoom) {
        let isFirst = !room.hasRoster
        let change = room.roster.replace(with: occupants)
        room.hasRoster = true
        if !isFirst { deliver([RoomBatch(room: room.name, segments: presence(change, in: room))]) }
        answerWaiting(room)
    }

    private func openingFailed(_ room: HubRoom, _ error: any Error) {
        room.isOpening = false
        room.mustRetry = true
        logger.debug("room could not be opened", metadata: ["error": "\(error)"])
        fail(room.waiting, .unavailable, "The server cannot reach its message store; try again.")
        room.waiting = []
    }

    /// Carries a feed's step out: the history read whose answer is the next event.
    func perform(_ step: RoomFeed.Step, in room: HubRoom) {
        let segments = render(step.output, in: room)
        if !segments.isEmpty { deliver([RoomBatch(room: room.name, segments: segments)]) }
        startRead(step.read, in: room)
        guard step.becameLive else { return }
        answerWaiting(room)
        tellRestored()
    }

    func startRead(_ query: HistoryQuery?, in room: HubRoom) {
        guard let query else { return }
        metrics.catchUpReads.add(1)
        broker.history(of: room.name, query).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room else { return }
            switch result {
            case .success(let page):
                if !room.feed.hasStarted {
                    page.entries.forEach { room.tail.append(FrameBytes.rendered($0, room: room.name)) }
                }
                perform(room.feed.read(page), in: room)
            case .failure(let error):
                room.feed.readFailed()
                openingFailed(room, error)
            }
        }
    }

    private func answerWaiting(_ room: HubRoom) {
        guard room.isReady else { return }
        room.isOpening = false
        let waiting = room.waiting
        room.waiting = []
        for request in waiting { proceed(request, in: room) }
    }

    /// After a link loss the broker may have lost our members, or another node may have reaped us.
    func reassertMembers() {
        for (room, members) in sessions.memberships() {
            let occupants = members.map { occupant($0.session, $0.user) }
            broker.reassert(occupants, room: room).whenFailure { [logger] error in
                logger.warning("members could not be put back", metadata: ["error": "\(error)"])
            }
        }
    }

    func tellEveryone(_ level: NoticeLevel, _ code: NoticeCode, _ text: String) {
        let frame = FrameBytes.text(.notice(level: level, code: code, text: text))
        for shard in shards { shard.run { $0.tellEveryone(frame) } }
    }
}
