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
            let asked = Array(preparing.values)
            preparing = [:]
            fail(asked, .unavailable, "The server cannot reach its message store; try again.")
            for room in rooms.values {
                room.feed.linkLost()
                room.roster.snapshotFailed()
                // A join runs alone on its connection: unanswered, it would hold even a `ping` until the broker is back.
                fail(room.takeJoins(), .unavailable, "The server cannot reach its message store; try again.")
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
        let text =
            hasLostEntries
            ? "Messages flow again; some were lost on the way, as the rooms concerned were told."
            : "Messages flow again; nothing was lost on the way."
        hasLostEntries = false
        tellEveryone(.info, .restored, text)
    }

    /// Reads again what could not be read.
    func retryRooms() {
        guard link == .up else { return }
        for room in rooms.values where room.mustRetry {
            if room.isSubscribed { subscribed(room) } else { open(room) }
        }
    }

    /// Subscribes and reads what a join needs. Called for a new room, and again by the next join after a failure.
    func open(_ room: HubRoom) {
        guard !room.isOpening else { return }
        room.isOpening = true
        room.mustRetry = false
        broker.subscribe(to: room.name).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room else { return }
            room.isOpening = false
            switch result {
            case .success:
                room.isSubscribed = true
                // While the link is down this one may be lost again, unsaid: `.up` comes with all of them.
                if link == .up { subscribed(room) }
            case .failure(let error): openingFailed(room, error)
            }
        }
    }

    /// The subscription is confirmed, for the first time or after a link loss: entries and roster catch up.
    private func subscribed(_ room: HubRoom) {
        room.mustRetry = false
        perform(room.feed.subscribed(), in: room)
        readRoster(of: room, isCheck: false)
        readTopic(of: room)
    }

    private func readRoster(of room: HubRoom, isCheck: Bool) {
        room.rosterCheck?.cancel()
        room.rosterCheck = nil
        let read = room.roster.snapshotAsked()
        broker.occupants(of: room.name).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room, room.roster.awaits(read) else { return }
            switch result {
            case .success(let occupants): rosterRead(occupants, read, isCheck: isCheck, in: room)
            case .failure(let error):
                room.roster.snapshotFailed()
                openingFailed(room, error)
            }
        }
    }

    /// Who is missing is told lost by the second list that lacks them: their node may be about to put them back.
    private func rosterRead(
        _ occupants: [Occupant], _ read: Roster.SnapshotRead, isCheck: Bool, in room: HubRoom
    ) {
        let isFirst = !room.hasRoster
        let stored = Set(occupants.map(\.session))
        var isInDoubt = false
        let change = room.roster.replace(with: occupants, from: read) { session in
            if sessions[session]?.rooms[room.name]?.isOurs == true { return true }
            guard !isFirst, !isCheck, !stored.contains(session) else { return false }
            isInDoubt = true
            return true
        }
        if isInDoubt {
            room.rosterCheck = loop.scheduleTask(in: EdgeLimits.rosterCheckDelay) { [weak self] in
                guard let self, rooms[room.name] === room, link == .up else { return }
                readRoster(of: room, isCheck: true)
            }
        }
        room.hasRoster = true
        if !isFirst { deliver([RoomBatch(room: room.name, segments: presence(change, in: room))]) }
        answerWaiting(room)
    }

    func openingFailed(_ room: HubRoom, _ error: any Error) {
        room.mustRetry = true
        logger.debug("room could not be opened", metadata: ["error": "\(error)"])
        let waiting = room.waiting
        room.waiting = []
        fail(waiting, .unavailable, "The server cannot reach its message store; try again.")
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

    func startRead(_ read: RoomFeed.Read?, in room: HubRoom) {
        guard let read else { return }
        metrics.catchUpReads.add(1)
        broker.history(of: room.name, read.query).whenComplete { [weak self] result in
            guard let self, rooms[room.name] === room, room.feed.awaits(read) else { return }
            switch result {
            case .success(let page):
                if !room.feed.hasStarted {
                    page.entries.forEach { room.tail.append(FrameBytes.rendered($0, room: room.name)) }
                }
                perform(room.feed.answered(read, with: page), in: room)
            case .failure(let error):
                if room.feed.failed(read) { openingFailed(room, error) }
            }
        }
    }

    func answerWaiting(_ room: HubRoom) {
        guard room.isReady else { return }
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
