public import ChatBroker
public import ChatWire
import FoundationEssentials
import HiredisClient
public import NIOCore

extension RedisBroker: NodeRegistry {
    public func register(_ record: @escaping @Sendable () -> NodeRecord) {
        lease?.register(record)
        startReaping()
    }

    public func recordChanged() { lease?.renew() }

    public func withdraw() -> EventLoopFuture<Void> {
        stopReaping()
        guard let lease else { return eventLoop.makeSucceededVoidFuture() }
        return lease.withdraw(hasMembers: !own.isEmpty).flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    public func nodes() -> EventLoopFuture<[NodeRecord]> {
        links.commands.send(RankedNewest(key: keyspace.nodes, count: settings.limits.nodesMax)).flatMap {
            [self] listed in
            let records = listed.compactMap { NodeID($0.member) }.map { id in
                links.commands.send(GetKey(key: keyspace.lease(id))).map { NodeRecord(lease: $0, of: id) }
            }
            return EventLoopFuture.whenAllSucceed(records, on: eventLoop)
        }.flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }

    public func send(_ message: NodeMessage, to node: NodeID?) -> EventLoopFuture<Int> {
        guard let payload = try? InboxPayload.encoded(message),
            payload.readableBytes <= settings.limits.nodeMessageBytesMax
        else {
            let text = "A node message has at most \(settings.limits.nodeMessageBytesMax) bytes."
            return eventLoop.makeFailedFuture(BrokerError(.overloaded, text))
        }
        let channel = node.map(keyspace.inbox) ?? keyspace.control
        return links.commands.send(Publish(channel: channel, payload: payload))
            .flatMapErrorThrowing { throw BrokerError(reading: $0) }
    }
}

extension NodeRecord {
    /// What the lease says; where it is gone or unreadable, that the node is lost.
    fileprivate init(lease: ByteBuffer?, of id: NodeID) {
        if let lease, let record = try? JSONDecoder().decode(NodeRecord.self, from: Data(lease.readableBytesView)) {
            self = record
        } else {
            self.init(
                node: id.name, id: id.value, address: "", version: "", state: .lost, connections: 0, rooms: 0,
                messagesPerSecond: 0, started: 0, lagMilliseconds: 0)
        }
    }
}
