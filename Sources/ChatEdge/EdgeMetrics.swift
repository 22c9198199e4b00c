import Synchronization

/// What one edge counts. Written from every loop with relaxed atomics, read at a scrape; docs/metrics.md has the names.
final class EdgeMetrics: Sendable {
    /// One number: a counter that only grows, or a gauge that is set.
    final class Value: Sendable {
        private let value = Atomic<Int>(0)
        func add(_ amount: Int) { value.add(amount, ordering: .relaxed) }
        func set(_ new: Int) { value.store(new, ordering: .relaxed) }
        var current: Int { value.load(ordering: .relaxed) }
    }

    struct Description: Sendable {
        var name: String
        var help: String
        var isCounter: Bool
        var value: Value
    }

    let connections = Value()
    let sessions = Value()
    let rooms = Value()
    let linkIsUp = Value()
    let linkLosses = Value()
    let greetings = Value()
    let resumes = Value()
    let joins = Value()
    let framesReceived = Value()
    let framesRefused = Value()
    let rateLimited = Value()
    let published = Value()
    let publishFailures = Value()
    let entriesReceived = Value()
    let deliveries = Value()
    let pauses = Value()
    let gaps = Value()
    let catchUpReads = Value()
    let searches = Value()
    let searchedEntries = Value()
    let readMarks = Value()
    let offers = Value()
    let connectsLimited = Value()
    let sessionsLimited = Value()
    let messageRate = GrowthRate()
    private let everUp = Atomic<Bool>(false)

    /// The link was up once, so that its next `.up` is a restoration.
    var hasBeenUp: Bool {
        get { everUp.load(ordering: .relaxed) }
        set { everUp.store(newValue, ordering: .relaxed) }
    }

    /// Every number with its outside name.
    var descriptions: [Description] {
        func gauge(_ name: String, _ help: String, _ value: Value) -> Description {
            Description(name: "termchat_edge_\(name)", help: help, isCounter: false, value: value)
        }
        func counter(_ name: String, _ help: String, _ value: Value) -> Description {
            Description(name: "termchat_edge_\(name)_total", help: help, isCounter: true, value: value)
        }
        return [
            gauge("connections", "WebSocket connections that are open.", connections),
            gauge("sessions", "Sessions, with or without a connection.", sessions),
            gauge("rooms", "Rooms that sessions of this node are in.", rooms),
            gauge("broker_up", "1 while messages pass through the broker and back.", linkIsUp),
            counter("broker_losses", "Times the way through the broker was lost.", linkLosses),
            counter("greetings", "Sessions opened or resumed.", greetings),
            counter("resumes", "Sessions resumed, from this node or another.", resumes),
            counter("joins", "Joins answered with joined.", joins),
            counter("frames_received", "Frames from clients.", framesReceived),
            counter("frames_refused", "Frames answered with an error.", framesRefused),
            counter("rate_limited", "Frames refused by a rate limit.", rateLimited),
            counter("connects_limited", "Upgrades refused by a limit per address.", connectsLimited),
            counter("sessions_limited", "Sign-ins refused by the limit per user.", sessionsLimited),
            counter("messages_published", "Messages stored for clients of this node.", published),
            counter("publish_failures", "Messages that could not be stored.", publishFailures),
            counter("entries_received", "Entries received from the broker.", entriesReceived),
            counter("deliveries", "Entries queued to connections.", deliveries),
            counter("pauses", "Rooms paused for a slow consumer.", pauses),
            counter("gaps", "Gaps that the history could not fill.", gaps),
            counter("searches", "Searches answered.", searches),
            counter("searched_entries", "Entries read for searches.", searchedEntries),
            counter("read_marks", "Read markers written.", readMarks),
            counter("direct_offers", "Offers of direct rooms to connections.", offers),
            counter("catch_up_reads", "Reads of a room's history to start or catch up.", catchUpReads),
        ]
    }
}
