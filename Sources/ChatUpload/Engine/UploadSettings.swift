import ChatBroker
import ChatIdentity
import ChatWire
import NIOCore
public import ServerKit
import WebSocketServer

/// What one upload worker goes by; ``UploadKeys`` reads it from the process's settings.
public struct UploadSettings: Sendable {
    /// Where clients connect.
    public var listen = HostPort(host: "127.0.0.1", port: 8081)
    /// The shared directory.
    public var volume = ""
    public var allowsGuests = false
    /// Whose `X-Forwarded-For` is believed.
    var proxies = TrustedProxies(ranges: [])
    var fileBytesMax = 8 << 30
    /// Free bytes of the volume that uploads leave alone.
    var freeBytesMin = 256 << 20
    var allowance = UploadAllowance(pending: 16, bytesPerDay: 0, perMinute: 120)
    var bytesPerSecondMin = 1024
    var rateGrace = TimeAmount.seconds(15)
    /// A connection without a request, or with an unfinished head, is closed after this.
    var idle = TimeAmount.seconds(30)
    var connectionsMax = 4096
    /// Seconds since the last byte after which an unfinished upload is removed.
    var expireSeconds = 24 * 3600
    var sweepSeconds = 60
    /// Seconds that files are kept; 0 is for ever.
    var retentionSeconds = 0
    /// The first pattern that a room matches decides.
    var roomRetention: [RoomRetention] = []
    /// Where nginx finds the volume, for `X-Accel-Redirect`.
    var accelPrefix: String?
    /// The program that says whether a file may enter its room, and how long it may take.
    var scan: String?
    var scanTime = Duration.seconds(60)
    /// From SIGTERM on, running requests have so long.
    public var stop = Duration.seconds(30)
    /// Threads that wait for the disk and hash.
    var diskThreads = 8

    public init() {}

    /// Seconds for which an upload that nobody can resume lives on after its worker was last heard of: twice what a sender may
    /// pause, and no less than what workers leave to each other.
    var leaseSeconds: Int {
        let pause = rateGrace.nanoseconds / 1_000_000_000 + 1
        return min(max(Int(2 * pause), UploadLimits.graceSeconds), expireSeconds)
    }

    /// Seconds that a file of the room is kept; nil for ever.
    func retention(of room: String) -> Int? {
        let seconds = roomRetention.first { $0.matches(room) }?.seconds ?? retentionSeconds
        return seconds > 0 ? seconds : nil
    }

    /// The shortest time that a file of any room is kept; nil where all are kept for ever.
    var shortestRetention: Int? {
        (roomRetention.map(\.seconds) + [retentionSeconds]).filter { $0 > 0 }.min()
    }
}

/// `PATTERN=SECONDS`: how long the files of some rooms are kept.
struct RoomRetention: Sendable, Hashable {
    var rooms: RoomGlob
    var seconds: Int

    /// nil where the text is not of the form.
    init?(_ text: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let rooms = RoomGlob(String(parts[0])), let seconds = Int(parts[1]), seconds >= 0 else {
            return nil
        }
        self.rooms = rooms
        self.seconds = seconds
    }

    func matches(_ room: String) -> Bool {
        guard let room = try? RoomName(room) else { return false }
        return rooms.matches(room)
    }
}
