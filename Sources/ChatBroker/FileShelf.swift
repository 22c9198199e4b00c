import ChatWire
import NIOCore

/// What ``InProcessBroker`` keeps of files and of those who upload them. No clock: times are passed in, milliseconds since 1970.
struct FileShelf {
    /// Files listed at a time; the oldest are forgotten.
    static let filesMax = 100_000

    private struct Shelved {
        var room: RoomName
        var line: FileLine
        var receipt: Receipt?
    }

    /// Which volume the workers share.
    private(set) var volume: String?
    private var files: [String: Shelved] = [:]
    /// Ids in the order of their lines.
    private var order: [String] = []
    private var ledgers: [UploadAccount: UploadLedger] = [:]

    mutating func record(volume id: String?) {
        if volume == nil { volume = id }
    }

    func receipt(of id: String) -> Receipt? { files[id]?.receipt }

    mutating func put(_ line: FileLine, in room: RoomName, _ receipt: Receipt) {
        guard files[line.id] == nil else { return }
        files[line.id] = Shelved(room: room, line: line, receipt: receipt)
        order.append(line.id)
        if order.count > Self.filesMax { files[order.removeFirst()] = nil }
    }

    mutating func forget(_ id: String) {
        guard files.removeValue(forKey: id) != nil else { return }
        order.removeAll { $0 == id }
    }

    func page(of room: RoomName, before: String?, limit: Int) -> FilePage {
        var ids = order.reversed().filter { files[$0]?.room == room }[...]
        if let before, let place = ids.firstIndex(of: before) { ids = ids[(place + 1)...] }
        let listed = ids.prefix(limit).compactMap { files[$0] }.map {
            ListedFile(line: $0.line, announced: $0.receipt?.id.milliseconds ?? 0)
        }
        return FilePage(files: listed, more: ids.count > limit)
    }

    mutating func reserve(_ reservation: UploadReservation, at now: UInt64) -> ReservationAnswer {
        ledgers[reservation.account, default: UploadLedger()].reserve(reservation, at: now)
    }

    mutating func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount, at now: UInt64) {
        ledgers[account]?.renew(id, lifetime: lifetime, at: now)
    }

    mutating func release(_ id: String, of account: UploadAccount, counting bytes: Int, at now: UInt64) {
        ledgers[account]?.release(id, counting: bytes, at: now)
    }
}
