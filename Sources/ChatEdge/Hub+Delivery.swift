import ChatBroker
import ChatCore
import ChatWire
import Logging
import NIOCore

// The hot path's first half: what one read from the broker held becomes one buffer per room and one hop per shard.
extension Hub {
    func received(_ deliveries: [RoomDelivery]) {
        var batches: [RoomBatch] = []
        batches.reserveCapacity(deliveries.count)
        for delivery in deliveries {
            guard let room = rooms[delivery.room] else { continue }
            let segments = receive(delivery.events, in: room)
            if !segments.isEmpty { batches.append(RoomBatch(room: room.name, segments: segments)) }
        }
        deliver(batches)
    }

    /// Hands batches to the shards that have members of their rooms.
    func deliver(_ batches: [RoomBatch]) {
        guard !batches.isEmpty else { return }
        for shard in shards {
            let wanted = batches.filter { (rooms[$0.room]?.members[shard.index] ?? 0) > 0 && !$0.segments.isEmpty }
            if !wanted.isEmpty { shard.run { $0.deliver(wanted) } }
        }
    }

    private func receive(_ events: [RoomDelivery.Event], in room: HubRoom) -> [RoomBatch.Segment] {
        var segments: [RoomBatch.Segment] = []
        var entries: [Entry] = []
        for event in events {
            if case .entry(let entry) = event {
                entries.append(entry)
                continue
            }
            receive(&entries, in: room, into: &segments)
            switch event {
            case .entry: break
            case .presence(let change): segments += receive(change, in: room)
            case .typing(let user, let session): segments.append(typing(user, session, in: room))
            case .topic(let topic, let session): segments += receive(topic, of: session, in: room)
            case .read(let mark): tellRead(mark, in: room.name)
            }
        }
        receive(&entries, in: room, into: &segments)
        return segments
    }

    private func receive(_ entries: inout [Entry], in room: HubRoom, into segments: inout [RoomBatch.Segment]) {
        guard !entries.isEmpty else { return }
        metrics.entriesReceived.add(entries.count)
        let step = room.feed.received(entries)
        entries.removeAll(keepingCapacity: true)
        segments += render(step.output, in: room)
        startRead(step.read, in: room)
    }

    func render(_ output: [RoomFeed.Step.Output], in room: HubRoom) -> [RoomBatch.Segment] {
        output.map { output in
            switch output {
            case .entries(let entries):
                let (frames, rendered) = FrameBytes.entries(entries, room: room.name)
                keep(rendered, of: frames, in: room)
                return .entries(frames, count: entries.count, after: entries.first?.previous ?? .zero)
            case .gap(let after, let before):
                room.tail.removeAll()
                metrics.gaps.add(1)
                if owesRestored || link != .up { hasLostEntries = true }
                logger.warning(
                    "entries of a room are gone from the history",
                    metadata: ["after": "\(after)", "before": "\(before)"])
                return .frame(
                    FrameBytes.text(.gap(room: room.name, after: after, before: before)), except: [:], after: after)
            }
        }
    }

    /// The tail's entries are slices of the batch, and would keep all of a page's bytes.
    private func keep(_ rendered: [HistoryTail.Rendered], of frames: ByteBuffer, in room: HubRoom) {
        let isPage = frames.readableBytes > EdgeLimits.tailSliceOfMax
        for entry in rendered.suffix(HistoryTail.entriesMaxDefault) { room.tail.append(isPage ? entry.copied : entry) }
    }

    private func receive(_ change: PresenceChange, in room: HubRoom) -> [RoomBatch.Segment] {
        for moved in change.moved where moved.from == node && moved.occupant.node != node {
            let (session, holder) = (moved.occupant.session, moved.occupant.node)
            if sessions.moved(room.name, session) {
                roomTable.left(room.name, session, now: .now())
            } else if sessions[session]?.rooms[room.name]?.isOurs == true {
                // The session is back, and what that node had asked for before was done after what this one asked for.
                takeOver(.init(occupant: occupant(session, moved.occupant.user), room: room.name, from: holder))
            }
        }
        reassertIfReaped(change, in: room)
        return presence(room.roster.apply(change), in: room)
    }

    /// Another node took this one for dead and removed members that are here.
    private func reassertIfReaped(_ change: PresenceChange, in room: HubRoom) {
        let taken = change.left.filter { left in
            left.occupant.node == node && left.reason == .nodeLost
                && sessions[left.occupant.session]?.rooms[room.name]?.isOurs == true
        }
        guard !taken.isEmpty else { return }
        logger.warning(
            "this node's members were removed as lost; putting them back", metadata: ["members": "\(taken.count)"])
        broker.reassert(taken.map { occupant($0.occupant.session, $0.occupant.user) }, room: room.name)
            .whenFailure { [logger] in logger.warning("members could not be put back", metadata: ["error": "\($0)"]) }
    }

    /// What people see of a change. The joiner's own `presence` is not sent to it.
    func presence(_ change: Roster.Change, in room: HubRoom) -> [RoomBatch.Segment] {
        guard !change.isEmpty else { return [] }
        // A snapshot may tell of thousands who left a room that is not large any more.
        if room.isLarge || change.joined.count + change.left.count > Limits.membersListedMax {
            room.owesCount = true
            return []
        }
        let joined = change.joined.map { Arrival(user: $0.user.value, session: $0.session, node: $0.node.name) }
        let left = change.left.map { item in
            Departure(
                user: item.occupant.user.value, session: item.occupant.session, node: item.occupant.node.name,
                reason: item.reason)
        }
        let count = room.roster.count
        var except: [SessionID: ByteBuffer?] = [:]
        for occupant in change.joined where occupant.node == node {
            let others = joined.filter { $0.session != occupant.session }
            let frame: ByteBuffer? =
                others.isEmpty && left.isEmpty
                ? nil : FrameBytes.text(.presence(.init(room: room.name, joined: others, left: left, count: count)))
            except.updateValue(frame, forKey: occupant.session)
        }
        let frame = FrameBytes.text(.presence(.init(room: room.name, joined: joined, left: left, count: count)))
        return [.frame(frame, except: except, after: room.feed.last)]
    }

    /// A large room's count, at most once in ``EdgeLimits/countInterval``.
    func tellCount(_ room: HubRoom, now: NIODeadline) {
        guard now - room.countTold >= EdgeLimits.countInterval else { return }
        room.owesCount = false
        room.countTold = now
        let frame = FrameBytes.text(.presence(.init(room: room.name, joined: [], left: [], count: room.roster.count)))
        deliver([RoomBatch(room: room.name, segments: [.frame(frame, except: [:], after: room.feed.last)])])
    }

    private func typing(_ user: UserName, _ session: SessionID, in room: HubRoom) -> RoomBatch.Segment {
        let none: ByteBuffer? = nil
        return .frame(FrameBytes.text(.typing(room: room.name, user: user.value)), except: [session: none], after: nil)
    }
}
