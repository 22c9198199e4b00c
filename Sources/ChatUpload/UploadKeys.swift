import ChatBroker
import ChatIdentity
import ChatWire
public import Logging
import NIOCore
public import ServerKit
import WebSocketServer

/// The settings of `termchat-upload` under their outside names, and what they come to.
public struct UploadKeys {
    public static let listen = Setting.hostPort(
        "listen", default: HostPort(host: "127.0.0.1", port: 8081),
        help: "Address for clients; port 0 takes any free one.")
    public static let admin = Setting.hostPort(
        "admin", default: HostPort(host: "127.0.0.1", port: 9091),
        help: "Address for operators: /healthz, /readyz, /metrics.")
    public static let redis = Setting.string(
        "redis", default: "redis://127.0.0.1:6379", unit: "URL",
        help: "redis://, rediss:// or unix:// URL of the Redis that the edges use.")
    public static let broker = Setting.choice(
        "broker", default: "redis", of: ["redis", "memory"], help: "memory: one worker for a try, without Redis.")
    public static let node = Setting.string(
        "node", default: "upload", unit: "NAME", help: "The worker's name in logs; A-Z a-z 0-9 . _ -")
    public static let volume = Setting.optionalString(
        "volume", unit: "DIR", help: "The directory that all workers share; it must be there.")
    public static let guests = Setting.guests()
    public static let trustedProxies = Setting.trustedProxies()
    public static let tokenKey = Setting.tokenKey()
    public static let tokenAudience = Setting.tokenAudience()
    public static let tokenIssuer = Setting.tokenIssuer()
    public static let historyEntries = Setting.int(
        "history-entries", default: 10_000, in: 1...10_000_000, unit: "entries",
        help: "Entries kept per room; the same as at the edges.")
    public static let historyAge = Setting.seconds(
        "history-age", default: 604_800, in: 60...315_360_000,
        help: "Age after which entries are dropped; the same as at the edges.")
    public static let maxFileBytes = Setting.int(
        "max-file-bytes", default: 8 << 30, in: 1...(1 << 50), unit: "bytes", help: "Bytes of one file.")
    public static let minFreeBytes = Setting.int(
        "min-free-bytes", default: 256 << 20, in: 0...(1 << 60), unit: "bytes",
        help: "Free space that uploads leave on the volume.")
    public static let userPending = Setting.int(
        "user-pending", default: 16, in: 1...100_000, unit: "uploads", help: "Unfinished uploads of one user.")
    public static let userBytesPerDay = Setting.int(
        "user-bytes-per-day", default: 0, in: 0...(1 << 60), unit: "bytes",
        help: "Bytes that one user may upload in a day; 0 is any number.")
    public static let userUploadsPerMinute = Setting.int(
        "user-uploads-per-minute", default: 120, in: 1...1_000_000, unit: "uploads",
        help: "Uploads that one user may begin in a minute.")
    public static let minBytesPerSecond = Setting.int(
        "min-bytes-per-second", default: 1024, in: 1...(1 << 30), unit: "bytes/s",
        help: "A body that comes more slowly is ended.")
    public static let rateGraceSeconds = Setting.seconds(
        "rate-grace-seconds", default: 15, in: 0.1...3600, help: "How long a body may pause.")
    public static let idleSeconds = Setting.seconds(
        "idle-seconds", default: 30, in: 1...3600,
        help: "A connection without a whole request head is closed after this.")
    public static let maxConnections = Setting.int(
        "max-connections", default: 4096, in: 1...1_000_000, unit: "connections", help: "Accepting pauses here.")
    public static let expireSeconds = Setting.seconds(
        "expire-seconds", default: 86_400, in: 1...31_536_000,
        help: "An unfinished upload is removed so long after its last byte.")
    public static let sweepSeconds = Setting.seconds(
        "sweep-seconds", default: 60, in: 1...86_400, help: "Between two sweeps of the volume, on average.")
    public static let retentionSeconds = Setting.int(
        "retention-seconds", default: 0, in: 0...3_153_600_000, unit: "seconds",
        help: "Files are removed after this; 0 keeps them.")
    public static let roomRetention = Setting.list(
        "room-retention", unit: "PATTERN=SECONDS,…", help: "The same for the rooms that match; the first match decides."
    )
    public static let accelRedirect = Setting.optionalString(
        "accel-redirect", unit: "PREFIX", help: "Downloads are answered with X-Accel-Redirect to this nginx location.")
    public static let scan = Setting.optionalString(
        "scan", unit: "PROGRAM", help: "Asked before a file enters its room: 0 lets it in, 1 refuses it.")
    public static let scanSeconds = Setting.seconds(
        "scan-seconds", default: 60, in: 0.1...3600, help: "How long the program of --scan may take for one file.")
    public static let stopSeconds = Setting.seconds(
        "stop-seconds", default: 30, in: 0.1...86_400,
        help: "From SIGTERM to the end of the process; running uploads go on for most of it.")
    public static let diskThreads = Setting.int(
        "disk-threads", default: 8, in: 1...256, unit: "threads", help: "Threads that wait for the volume and hash.")
    public static let threads = Setting.threads()
    public static let config = Setting.configFile()
    public static let logLevel = Setting.logLevel()
    public static let logFormat = Setting.logFormat()

    /// Every setting, for the reader and for docs/configuration.md.
    public static let descriptions: [SettingDescription] = [
        listen.description, admin.description, redis.description, broker.description, node.description,
        volume.description, guests.description, trustedProxies.description, tokenKey.description,
        tokenAudience.description,
        tokenIssuer.description,
        historyEntries.description,
        historyAge.description, maxFileBytes.description, minFreeBytes.description, userPending.description,
        userBytesPerDay.description, userUploadsPerMinute.description, minBytesPerSecond.description,
        rateGraceSeconds.description, idleSeconds.description, maxConnections.description, expireSeconds.description,
        sweepSeconds.description, retentionSeconds.description, roomRetention.description, accelRedirect.description,
        scan.description, scanSeconds.description, stopSeconds.description, diskThreads.description,
        threads.description, config.description,
        logLevel.description, logFormat.description,
    ]

    /// Reads what an ``UploadServer`` needs and checks the settings against each other.
    public static func read(_ reader: SettingsReader) throws(SettingsError) -> UploadSettings {
        var upload = UploadSettings()
        upload.listen = try reader.value(of: listen)
        guard let volume = try reader.value(of: volume) else {
            throw SettingsError(.relation, "--volume DIR is needed: the directory that all workers share.")
        }
        upload.volume = volume
        upload.allowsGuests = try reader.value(of: guests)
        upload.proxies = TrustedProxies(
            ranges: try reader.items(of: trustedProxies, otherwise: "is no address range such as 10.0.0.0/8") {
                try? AddressRange($0)
            })
        upload.fileBytesMax = try reader.value(of: maxFileBytes)
        upload.freeBytesMin = try reader.value(of: minFreeBytes)
        upload.allowance = UploadAllowance(
            pending: try reader.value(of: userPending), bytesPerDay: try reader.value(of: userBytesPerDay),
            perMinute: try reader.value(of: userUploadsPerMinute))
        upload.bytesPerSecondMin = try reader.value(of: minBytesPerSecond)
        upload.rateGrace = TimeAmount(try reader.value(of: rateGraceSeconds))
        upload.idle = TimeAmount(try reader.value(of: idleSeconds))
        upload.connectionsMax = try reader.value(of: maxConnections)
        upload.expireSeconds = Int(try reader.value(of: expireSeconds) / .seconds(1))
        upload.sweepSeconds = max(1, Int(try reader.value(of: sweepSeconds) / .seconds(1)))
        upload.retentionSeconds = try reader.value(of: retentionSeconds)
        upload.roomRetention = try reader.items(
            of: roomRetention, otherwise: "is not of the form PATTERN=SECONDS, as ops-*=86400"
        ) { RoomRetention($0) }
        upload.accelPrefix = try reader.value(of: accelRedirect)
        upload.scan = try reader.value(of: scan)
        upload.scanTime = try reader.value(of: scanSeconds)
        upload.stop = try reader.value(of: stopSeconds)
        upload.diskThreads = try reader.value(of: diskThreads)
        try reader.check(
            upload.rateGrace <= upload.idle, "--rate-grace-seconds must not be greater than --idle-seconds.")
        return upload
    }
}
