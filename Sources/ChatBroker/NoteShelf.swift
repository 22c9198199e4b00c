import ChatWire

/// What ``InProcessBroker`` keeps of topics, read markers and direct rooms. No clock: times are passed in, milliseconds
/// since 1970.
struct NoteShelf {
    /// Rooms with notes, and principals with direct rooms; the ones noted first are forgotten.
    static let notesMax = 100_000

    private struct Notes {
        var topic: Topic?
        var markers: [Principal: Position] = [:]
        var pair: DirectPair?
    }

    private var notes: [RoomName: Notes] = [:]
    private var order: [RoomName] = []
    private var directs: [Principal: [RoomName: (partner: Principal, time: UInt64)]] = [:]

    func topic(of room: RoomName) -> Topic? { notes[room]?.topic }

    mutating func setTopic(_ text: String, by user: UserName, in room: RoomName, at now: UInt64) -> Topic {
        let before = notes[room]?.topic?.time ?? 0
        let topic = Topic(text: text, user: user.value, time: max(now, before + 1))
        change(room) { $0.topic = topic }
        return topic
    }

    func marker(of principal: Principal, in room: RoomName) -> Position? { notes[room]?.markers[principal] }

    /// False where the marker is there already.
    mutating func mark(_ mark: ReadMark, in room: RoomName) -> Bool {
        let known = notes[room]?.markers[mark.principal]
        guard mark.position > known ?? .zero else { return false }
        change(room) { notes in
            if known == nil, notes.markers.count >= NoteLimits.markersMax,
                let least = notes.markers.prefix(NoteLimits.markersLookedAt).min(by: { $0.value < $1.value })
            {
                notes.markers[least.key] = nil
            }
            notes.markers[mark.principal] = mark.position
        }
        return true
    }

    func pair(of room: RoomName) -> DirectPair? { notes[room]?.pair }

    mutating func note(_ pair: DirectPair, as room: RoomName, at now: UInt64) {
        change(room) { $0.pair = pair }
        list(room, of: pair.first, with: pair.second, at: now)
        list(room, of: pair.second, with: pair.first, at: now)
    }

    private mutating func list(_ room: RoomName, of principal: Principal, with partner: Principal, at now: UInt64) {
        if directs[principal] == nil, directs.count >= Self.notesMax, let any = directs.keys.first {
            directs[any] = nil
        }
        var list = directs.removeValue(forKey: principal) ?? [:]
        list[room] = (partner, max(now, list[room]?.time ?? 0))
        if list.count > DirectLimits.listedMax, let oldest = list.min(by: { $0.value.time < $1.value.time }) {
            list[oldest.key] = nil
        }
        directs[principal] = list
    }

    func directs(of principal: Principal, limit: Int) -> [DirectRoom] {
        let listed = (directs[principal] ?? [:]).map {
            DirectRoom(room: $0.key, partner: $0.value.partner, lastActivity: $0.value.time)
        }
        return Array(listed.sorted { $0.lastActivity > $1.lastActivity }.prefix(limit))
    }

    private mutating func change(_ room: RoomName, _ body: (inout Notes) -> Void) {
        if notes[room] == nil {
            order.append(room)
            if order.count > Self.notesMax { notes[order.removeFirst()] = nil }
        }
        body(&notes[room, default: Notes()])
    }
}
