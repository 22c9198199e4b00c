import ChatTesting

/// What one client has of one room, refusing anything missing, doubled or out of order.
struct RoomLog: Sendable {
    private(set) var entries: [WireEntry] = []
    private var keys: Set<String> = []

    /// The newest id; `0-0` before the first entry.
    var last: String { entries.last?.id ?? "0-0" }

    /// - Throws: ``WireFailure`` where `prev` is not the entry before, or the key was there already.
    mutating func append(_ entry: WireEntry) throws {
        try require(
            entry.prev == last,
            "entry \(entry.id) follows \(entry.prev), the log ends with \(last) (entry \(entries.count))")
        if let key = entry.key {
            try require(keys.insert(key).inserted, "key \(key) is there twice, again as \(entry.id)")
        }
        entries.append(entry)
    }

    func contains(key: String) -> Bool { keys.contains(key) }
}

/// Whether position `left` lies before `right`: numerically, part by part.
func isPosition(_ left: String, before right: String) -> Bool {
    let parts = { (text: String) in text.split(separator: "-").compactMap { UInt64($0) } }
    return parts(left).lexicographicallyPrecedes(parts(right))
}
