import ChatTesting

/// One user who keeps talking in one room, through cuts and errors, as a good client would: it repeats what was not
/// acknowledged under the same key, resumes its session, and goes on from the last entry it has.
///
/// It throws at the first thing that the protocol does not allow.
actor Talker {
    nonisolated let user: String
    nonisolated let room: String
    private let doomed: Set<String>
    /// Longer than any outage in these scenarios; a send without an answer for so long is silence.
    private static let silence: Duration = .seconds(15)

    private(set) var log = RoomLog()
    private(set) var notices: [String] = []
    private(set) var slowFrames = 0
    /// How often ``talk(messages:window:cuts:ports:bodyBytes:)`` cut its connection.
    private(set) var cutsMade = 0
    private var connection: WireClient?
    private var resume: String?
    private var unacknowledged: [(key: String, sent: ContinuousClock.Instant)] = []
    private var spoken = 0
    private var isStopped = false

    /// - Parameter doomed: users whose loss the scenario brings about.
    init(user: String, room: String, doomed: Set<String> = []) {
        self.user = user
        self.room = room
        self.doomed = doomed
    }

    /// How many entries it has.
    var count: Int { log.entries.count }

    /// Connects to an edge, resuming the session where there was one, and catches up with the room.
    func connect(port: Int, receiveBufferBytes: Int? = nil) async throws {
        let (client, welcome) = try await WireClient.signIn(
            user, port: port, resume: resume, receiveBufferBytes: receiveBufferBytes)
        try require(welcome.resumed == (resume != nil), "\(user): resumed is \(String(describing: welcome.resumed))")
        resume = welcome.resume
        connection = client
        try await join()
        for index in unacknowledged.indices { try speak(unacknowledged[index].key) }
    }

    /// Cuts the connection with a TCP reset.
    func cut() async {
        await connection?.reset()
        connection = nil
    }

    func leave() async throws {
        _ = try await current().leave(room)
        try current().close()
    }

    func pauseReading() async throws { try await current().pauseReading() }
    func resumeReading() async throws { try await current().resumeReading() }
    func ending() async throws -> WireEnding { try await current().ending() }

    /// Talks, `window` messages ahead of their acknowledgements, until `messages` are acknowledged and every cut is made, or
    /// ``stop()`` is called.
    /// - Parameter cuts: how many entries it has when its connection is cut; each time it goes to the next port.
    func talk(
        messages: Int = .max, window: Int = 1, cuts: [Int] = [], ports: [Int] = [], bodyBytes: Int = 40
    ) async throws {
        var cuts = cuts[...]
        var ports = ports[...]
        while true {
            // The scenario failed elsewhere: nobody will call `stop`.
            try Task.checkCancellation()
            while spoken < messages, !isStopped, unacknowledged.count < window {
                spoken += 1
                let key = "\(user)-\(spoken)"
                unacknowledged.append((key, .now))
                try speak(key, bodyBytes: bodyBytes)
            }
            if unacknowledged.isEmpty, cuts.isEmpty || isStopped { return }
            try await step()
            if let next = cuts.first, let port = ports.first, count >= next {
                cuts.removeFirst()
                ports.removeFirst()
                cutsMade += 1
                await cut()
                try await connect(port: port)
            }
        }
    }

    /// Ends ``talk(messages:window:cuts:ports:bodyBytes:)`` once what was sent is acknowledged.
    func stop() { isStopped = true }

    /// Reads until it has so many entries.
    func read(until entries: Int) async throws {
        while count < entries {
            try Task.checkCancellation()
            try await step()
        }
    }

    /// Reads until it has the entry.
    func read(until id: String) async throws {
        while isPosition(log.last, before: id) {
            try Task.checkCancellation()
            try await step()
        }
    }

    private func current() throws -> WireClient {
        guard let connection else { throw WireFailure("\(user) is not connected") }
        return connection
    }

    private func speak(_ key: String, bodyBytes: Int = 40) throws {
        try current().post(String(repeating: "x", count: bodyBytes), in: room, key: key)
    }

    private func step() async throws {
        let frame = try await current().next(within: Self.silence)
        switch frame.type {
        case "message":
            guard let entry = frame.entry else { throw WireFailure("\(user): a message without id or prev") }
            try log.append(entry)
        case "ack":
            unacknowledged.removeAll { .text($0.key) == frame.ref }
        case "error":
            try await failed(frame)
        case "slow":
            slowFrames += 1
            try require(
                frame.after == log.last, "\(user): slow after \(frame.after ?? "-"), the log ends with \(log.last)")
            try await join()
        case "presence":
            let lost = (frame.left ?? []).filter { $0.reason != "left" && !doomed.contains($0.user) }
            try require(lost.isEmpty, "\(user) hears of sessions that are only reconnecting: \(lost)")
        case "notice":
            notices.append(frame.code ?? "")
        case "gap":
            throw WireFailure("\(user): gap from \(frame.after ?? "-") to \(frame.before ?? "-")")
        default:
            throw WireFailure("\(user): unexpected \(frame.type)")
        }
        if let oldest = unacknowledged.first, oldest.sent.duration(to: .now) > Self.silence {
            throw WireFailure("\(user): no answer to \(oldest.key)")
        }
    }

    private func failed(_ frame: WireFrame) async throws {
        guard frame.code == "unavailable", let index = unacknowledged.firstIndex(where: { .text($0.key) == frame.ref })
        else {
            throw WireFailure("\(user): error \(frame.code ?? "") \(frame.message ?? "")")
        }
        // Nothing was stored: the same key again, after a breath so as not to spin while Redis is away.
        try await Task.sleep(for: .milliseconds(frame.retryAfterMs ?? 50))
        unacknowledged[index].sent = .now
        try speak(unacknowledged[index].key)
    }

    /// Joins after the last entry and reads pages up to the place where live entries begin.
    private func join() async throws {
        let joined = try await current().join(room, since: log.last, limit: 1000)
        try require(joined.complete == true, "\(user): joined incomplete after \(log.last)")
        for entry in joined.messages ?? [] { try log.append(entry) }
        guard let position = joined.position else { throw WireFailure("\(user): joined without a position") }
        while isPosition(log.last, before: position) {
            let page = try await current().history(room, after: log.last, limit: 1000)
            let entries = (page.messages ?? []).filter { !isPosition(position, before: $0.id) }
            try require(!entries.isEmpty, "\(user): an empty page after \(log.last), before \(position)")
            for entry in entries { try log.append(entry) }
        }
    }
}
