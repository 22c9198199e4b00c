/// Sizes, times and days as people read them.
enum Figures {
    /// `10:01`, or `10:01 am`, local time.
    static func clock(_ milliseconds: UInt64, _ calendar: LocalCalendar, seconds: Bool = false) -> String {
        let second = localSeconds(milliseconds, calendar) % 86_400
        let hour = second / 3600
        let rest = ":\(two(second / 60 % 60))" + (seconds ? ":\(two(second % 60))" : "")
        guard calendar.hasTwelveHours else { return two(hour) + rest }
        return "\((hour + 11) % 12 + 1)\(rest) \(hour < 12 ? "am" : "pm")"
    }

    /// Days since 1970, local time: two times with the same number are of the same day.
    static func day(_ milliseconds: UInt64, _ calendar: LocalCalendar) -> Int {
        localSeconds(milliseconds, calendar) / 86_400
    }

    /// `Monday 23 November`; with the year where it is not `thisDay`'s.
    static func dayName(_ day: Int, thisDay: Int) -> String {
        let date = civil(day)
        let weekday = weekdays[(day + 4) % 7]
        let year = date.year == civil(thisDay).year ? "" : " \(date.year)"
        return "\(weekday) \(date.day) \(months[date.month - 1])\(year)"
    }

    /// `61%`; nil where the whole is not known.
    static func percent(_ part: Int64, of whole: Int64?) -> Int? {
        guard let whole else { return nil }
        return whole <= 0 ? 100 : Int(min(1, max(0, Double(part) / Double(whole))) * 100)
    }

    /// Seconds until all is moved; nil where nobody can say.
    static func secondsLeft(_ part: Int64, of whole: Int64?, rate: Double) -> Int64? {
        guard let whole, rate >= 1, rate.isFinite else { return nil }
        return Int64(min(359_999, max(0, (Double(whole) - Double(part)) / rate)))
    }

    /// `8.4 MB/s`; nil below a byte a second.
    static func rate(_ bytesPerSecond: Double) -> String? {
        guard bytesPerSecond >= 1, bytesPerSecond.isFinite else { return nil }
        return TransferProgress.size(Int64(min(bytesPerSecond, 1e15))) + "/s"
    }

    /// Times past year 9999 count as its end: the server's clock is not ours to believe.
    private static func localSeconds(_ milliseconds: UInt64, _ calendar: LocalCalendar) -> Int {
        max(0, Int(min(milliseconds / 1000, 253_402_300_799)) + calendar.offset(milliseconds))
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// The Gregorian date of a day since 1970, by eras of 400 years that begin in March, so that leap days come last.
    private static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
    }
}
