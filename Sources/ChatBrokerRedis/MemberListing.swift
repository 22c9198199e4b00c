import ChatBroker
import ChatWire
import HiredisClient

/// Keeps listed in Redis, for whoever reaps this node, which rooms have members of it. Bound to the event loop of its
/// links.
final class MemberListing: @unchecked Sendable {
    private let node: NodeID?
    private let keyspace: Keyspace
    private let settings: RedisBrokerSettings
    private let links: LinkMonitor
    private let lease: NodeLease?

    init(node: NodeID?, keyspace: Keyspace, settings: RedisBrokerSettings, links: LinkMonitor, lease: NodeLease?) {
        self.node = node
        self.keyspace = keyspace
        self.settings = settings
        self.links = links
        self.lease = lease
    }

    /// To be called before members are written in these rooms, so that a reaper finds them. The node itself is listed, too:
    /// one that was frozen may have been reaped, and die again before it takes its lease.
    func list(_ rooms: some Sequence<RoomName>) {
        let names = rooms.map(\.value)
        guard let node, !names.isEmpty else { return }
        for start in stride(from: 0, to: names.count, by: settings.limits.scanStep) {
            let step = Array(names[start..<min(start + settings.limits.scanStep, names.count)])
            _ = links.commands.send(SetAdd(key: keyspace.rooms(of: node), members: step))
        }
        renewBackstop(of: keyspace.rooms(of: node))
        guard lease?.isRegistered == true else { return }
        _ = links.commands.send(
            RankedAdd(key: keyspace.nodes, member: node.value, score: WallClock.milliseconds()))
    }

    func unlist(_ room: RoomName) {
        guard let node else { return }
        _ = links.commands.send(SetRemove(key: keyspace.rooms(of: node), members: [room.value]))
    }

    /// Called with each renewal of the lease: every room's TTL is renewed four times in its life.
    func renewBackstops(_ own: inout OwnMembers) {
        guard let node, !own.isEmpty else { return }
        let steps = Int(settings.timing.backstop.milliseconds / 4 / max(1, settings.timing.renewal.milliseconds))
        for room in own.nextToRenew(steps: steps) { renewBackstop(of: keyspace.members(room)) }
        renewBackstop(of: keyspace.rooms(of: node))
    }

    private func renewBackstop(of key: String) {
        _ = links.commands.send(ExpireKey(key: key, milliseconds: settings.timing.backstop.milliseconds))
    }
}

extension RoomQueues<PendingChange>.Batch {
    /// Whether there may be a member more in the room when it is through.
    var mayAddMembers: Bool {
        writes.contains { write in
            switch write.change {
            case .enter, .reassert: true
            case .leave: false
            }
        }
    }
}
