public import ChatWire

/// Collects what arrives during one tick, grouped by room, rooms in order of first appearance.
public struct DeliveryBatch: Sendable {
    private var deliveries: [RoomDelivery] = []
    private var places: [RoomName: Int] = [:]

    public init() {}

    public var isEmpty: Bool { deliveries.isEmpty }

    public mutating func append(_ event: RoomDelivery.Event, in room: RoomName) {
        // A burst is mostly one room: the last one is looked at before the table.
        if let last = deliveries.indices.last, deliveries[last].room == room {
            deliveries[last].events.append(event)
        } else if let place = places[room] {
            deliveries[place].events.append(event)
        } else {
            places[room] = deliveries.count
            deliveries.append(RoomDelivery(room: room, events: [event]))
        }
    }

    /// Hands over what was collected and starts anew.
    public mutating func take() -> [RoomDelivery] {
        defer { self = DeliveryBatch() }
        return deliveries
    }
}
