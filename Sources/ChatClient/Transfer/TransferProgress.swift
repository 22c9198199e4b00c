import ChatWire
import NIOCore

/// How far a transfer is, how fast it goes and how long it will take.
struct TransferProgress: Sendable {
    let name: String
    let total: Int64
    private(set) var bytes: Int64 = 0
    /// Bytes per second, of the last seconds more than of those before; nil until there is one.
    private(set) var rate: Double?
    private var measured: (bytes: Int64, at: NIODeadline)

    init(name: String, total: Int64, at now: NIODeadline) {
        self.name = name
        self.total = total
        measured = (0, now)
    }

    /// - Parameter isResumption: the bytes up to there were moved at another time.
    mutating func moved(to bytes: Int64, isResumption: Bool = false, at now: NIODeadline) {
        self.bytes = bytes
        if isResumption {
            measured = (bytes, now)
            return
        }
        let seconds = Double((now - measured.at).nanoseconds) / 1e9
        guard seconds >= Self.measureSeconds else { return }
        let current = Double(max(0, bytes - measured.bytes)) / seconds
        let weight = min(1, seconds / Self.memorySeconds)
        rate = rate.map { $0 + weight * (current - $0) } ?? current
        measured = (bytes, now)
    }

    private static let measureSeconds = 0.25
    private static let memorySeconds = 3.0

    var percent: Int { total == 0 ? 100 : Int(min(1, Double(bytes) / Double(total)) * 100) }

    var secondsLeft: Int64? {
        guard let rate, rate >= 1 else { return nil }
        return Int64(min(Double(total - bytes) / rate, 359_999))
    }

    /// `log.gz ██████░░░░  61 %   8.4 MB/s   0:04`, no wider than `width`.
    func line(width: Int, note: String? = nil) -> String {
        // Columns of one width, so that the bar stands still.
        var tail = Self.padded("\(percent) %", 6)
        if let note {
            tail += "  \(note)"
        } else {
            if let rate { tail += Self.padded("\(Self.size(Int64(rate)))/s", 11) }
            if let secondsLeft { tail += Self.padded(Self.time(secondsLeft), 7) }
        }
        let cells = min(20, max(0, width - max(tail.count, 24) - 16))
        let filled = cells * percent / 100
        let bar =
            cells < 5
            ? "" : " " + String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
        let name = Self.cut(VisibleText(name).value, to: max(1, width - tail.count - bar.count - 1))
        return Self.cut(name + bar + tail, to: max(0, width - 1))
    }

    /// `1.2 MB`, decimal.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB"]
        while value >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return unit > 0 && tenths < 1000
            ? "\(tenths / 10).\(tenths % 10) \(units[unit])" : "\(tenths / 10) \(units[unit])"
    }

    /// `0:04`, `1:02:03`.
    static func time(_ seconds: Int64) -> String {
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(seconds % 60))" : "\(minutes):\(two(seconds % 60))"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func cut(_ text: String, to width: Int) -> String {
        guard cells(text) > width else { return text }
        var used = 1
        return text.prefix {
            used += cells(String($0))
            return used <= width
        } + "…"
    }

    /// Two cells for what may be wide: too few would break the line, too many only shorten it.
    private static func cells(_ text: String) -> Int {
        text.reduce(0) { $0 + (($1.unicodeScalars.first?.value ?? 0) >= 0x1100 && !"█░…".contains($1) ? 2 : 1) }
    }
}
