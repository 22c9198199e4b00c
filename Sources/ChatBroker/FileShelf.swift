import ChatWire
import NIOCore

/// What ``InProcessBroker`` keeps of files and of those who upload them. No clock: times are passed in, milliseconds since 1970.
struct FileShelf {
    /// Files listed at a time; the oldest are forgotten.
    static let filesMax = 100_000
    private static let day: UInt64 = 24 * 3600 * 1000
    private static let minute: UInt64 = 60 * 1000

    private struct Account {
        /// When each pending upload is forgotten.
        var pending: [String: UInt64] = [:]
        var bytes = 0
        var bytesEnd: UInt64 = 0
        var creations = 0
        var creationsEnd: UInt64 = 0
    }

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
    private var accounts: [UploadAccount: Account] = [:]

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
        var account = accounts[reservation.account] ?? Account()
        defer { accounts[reservation.account] = account }
        account.pending = account.pending.filter { $0.value > now }
        if account.creationsEnd <= now { (account.creations, account.creationsEnd) = (0, now + Self.minute) }
        if account.bytesEnd <= now { (account.bytes, account.bytesEnd) = (0, now + Self.day) }
        guard account.pending[reservation.id] == nil else { return .granted }
        let limits = reservation.limits
        guard account.creations < limits.perMinute else { return .refused(.rate, until: account.creationsEnd, now) }
        guard account.pending.count < limits.pending else {
            return .refused(.pending, until: account.pending.values.min() ?? now, now)
        }
        guard limits.bytesPerDay == 0 || account.bytes + reservation.bytes <= limits.bytesPerDay else {
            return .refused(.bytes, until: account.bytesEnd, now)
        }
        account.pending[reservation.id] = now + UInt64(clamping: reservation.lifetime.nanoseconds / 1_000_000)
        account.bytes += reservation.bytes
        account.creations += 1
        return .granted
    }

    mutating func renew(_ id: String, of account: UploadAccount, lifetime: TimeAmount, at now: UInt64) {
        guard accounts[account]?.pending[id] != nil else { return }
        accounts[account]?.pending[id] = now + UInt64(clamping: lifetime.nanoseconds / 1_000_000)
    }

    mutating func release(_ id: String, of account: UploadAccount, correction: Int) {
        accounts[account]?.pending[id] = nil
        accounts[account]?.bytes += correction
    }
}

extension ReservationAnswer {
    fileprivate static func refused(_ reason: Reason, until end: UInt64, _ now: UInt64) -> ReservationAnswer {
        .refused(reason, retryAfter: .milliseconds(Int64(max(1, end - min(end, now)))))
    }
}
