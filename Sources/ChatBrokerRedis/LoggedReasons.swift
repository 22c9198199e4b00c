/// Which reasons for a link being down were logged: each once while it is down, so that a link that is tried every
/// second does not fill the log.
struct LoggedReasons {
    /// Reasons remembered; more in one outage are not logged.
    static let countMax = 16

    private var reasons: Set<String> = []

    mutating func isNew(_ reason: String) -> Bool {
        reasons.count < Self.countMax && reasons.insert(reason).inserted
    }

    mutating func cameUp() { reasons = [] }
}
