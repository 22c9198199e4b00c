/// A date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (IMF-fixdate, RFC 9110 section 5.6.7).
struct HTTPDate: Sendable, Equatable, CustomStringConvertible {
    /// Since 1970; later than year 9999 is written as its last second.
    let unixSeconds: Int64

    init(unixSeconds: Int64) { self.unixSeconds = min(max(0, unixSeconds), Self.last) }

    private static let last: Int64 = 253_402_300_799
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    var description: String {
        let day = Int(unixSeconds / 86_400)
        let second = Int(unixSeconds % 86_400)
        let date = Self.civil(day)
        let time = [second / 3600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(Self.days[day % 7]), \(Self.padded(date.day, 2)) \(Self.months[date.month - 1]) "
            + "\(Self.padded(date.year, 4)) \(time) GMT"
    }

    /// Days since 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March, so that the
    /// leap day is a year's last (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (
            year: yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
