import NIOCore

/// What one account has uploaded and is uploading, as reserve.lua counts it. No clock: times are passed in, milliseconds since
/// 1970.
struct UploadLedger {
    private static let day: UInt64 = 24 * 3600 * 1000
    private static let minute: UInt64 = 60 * 1000
    /// Forgotten uploads that are noted; beyond it their notes go, and what they finish later is not counted.
    static let notesMax = 64

    /// How many of a day's bytes are an upload's own.
    private struct Note {
        var bytes: Int
        /// When the day ends for which they count.
        var end: UInt64
    }

    /// When each pending upload is forgotten.
    private var pending: [String: UInt64] = [:]
    /// Of each pending upload, and of those that were forgotten: what they finish counts after all.
    private var notes: [String: Note] = [:]
    private var bytes = 0
    private var bytesEnd: UInt64 = 0
    private var creations = 0
    private var creationsEnd: UInt64 = 0

    mutating func reserve(_ reservation: UploadReservation, at now: UInt64) -> ReservationAnswer {
        turn(to: now)
        forget(at: now)
        guard pending[reservation.id] == nil else { return .granted }
        let limits = reservation.limits
        guard creations < limits.perMinute else { return .refused(.rate, until: creationsEnd, now) }
        guard pending.count < limits.pending else {
            return .refused(.pending, until: pending.values.min() ?? now, now)
        }
        guard limits.bytesPerDay == 0 || bytes + reservation.bytes <= limits.bytesPerDay else {
            return .refused(.bytes, until: bytesEnd, now)
        }
        pending[reservation.id] = Self.end(of: reservation.lifetime, from: now)
        notes[reservation.id] = Note(bytes: reservation.bytes, end: bytesEnd)
        bytes += reservation.bytes
        creations += 1
        return .granted
    }

    mutating func renew(_ id: String, lifetime: TimeAmount, at now: UInt64) {
        guard pending[id] != nil else { return }
        pending[id] = Self.end(of: lifetime, from: now)
    }

    mutating func release(_ id: String, counting bytes: Int, at now: UInt64) {
        turn(to: now)
        pending[id] = nil
        if let note = notes.removeValue(forKey: id) { correct(note, to: bytes) }
    }

    private mutating func turn(to now: UInt64) {
        if creationsEnd <= now { (creations, creationsEnd) = (0, now + Self.minute) }
        if bytesEnd <= now { (bytes, bytesEnd) = (0, now + Self.day) }
    }

    private mutating func forget(at now: UInt64) {
        for (id, end) in pending where end <= now {
            pending[id] = nil
            guard let note = notes[id] else { continue }
            correct(note, to: 0)
            notes[id] = Note(bytes: 0, end: 0)
        }
        if notes.count > pending.count + Self.notesMax { notes = notes.filter { pending[$0.key] != nil } }
    }

    /// What counted for an earlier day is not taken from this one.
    private mutating func correct(_ note: Note, to count: Int) {
        if count > note.bytes || note.end == bytesEnd { bytes += count - note.bytes }
    }

    private static func end(of lifetime: TimeAmount, from now: UInt64) -> UInt64 {
        now + UInt64(clamping: lifetime.nanoseconds / 1_000_000)
    }
}

extension ReservationAnswer {
    fileprivate static func refused(_ reason: Reason, until end: UInt64, _ now: UInt64) -> ReservationAnswer {
        .refused(reason, retryAfter: .milliseconds(Int64(max(1, end - min(end, now)))))
    }
}
