import Foundation

/// How lines look: whether they may be coloured, and how a time is written.
struct LineStyle: Sendable {
    var hasColor = false
    /// Seconds east of Greenwich at a moment, given in milliseconds since 1970.
    var secondsFromGMT: @Sendable (UInt64) -> Int = { milliseconds in
        TimeZone.current.secondsFromGMT(for: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }

    func dimmed(_ text: String) -> String { hasColor ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
    func bold(_ text: String) -> String { hasColor ? "\u{1b}[1m\(text)\u{1b}[0m" : text }

    /// `10:05`, local time.
    func time(_ milliseconds: UInt64) -> String {
        let seconds = Int(clamping: milliseconds / 1000) + secondsFromGMT(milliseconds)
        let minutes = ((seconds / 60) % 1440 + 1440) % 1440
        let (hour, minute) = minutes.quotientAndRemainder(dividingBy: 60)
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}
