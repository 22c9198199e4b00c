import NIOCore

/// How the time from the signal to the end of the process is shared out. Whatever the settings are, something is left
/// after the drain: to close who has not moved with 4000, to take the members out of their rooms, to stop the listeners.
struct StopBudget: Equatable {
    /// Kept for what comes after the drain, or half of a shorter whole.
    static let reserve = TimeAmount.milliseconds(1500)

    /// Clients are moved away over this time.
    let drain: TimeAmount
    /// For the last close handshakes, after the drain.
    let closing: TimeAmount
    /// From the beginning: the broker is given up on then. The rest is the admin listener's.
    let broker: TimeAmount

    /// - Parameter asked: how long the drain is to take, as far as there is time for it.
    init(_ settings: EdgeSettings, drain asked: TimeAmount) {
        let stop = max(.zero, settings.stop)
        let reserve = min(Self.reserve, .nanoseconds(stop.nanoseconds / 2))
        drain = min(asked, stop - reserve)
        closing = .nanoseconds(reserve.nanoseconds / 3)
        broker = stop - closing
    }
}
