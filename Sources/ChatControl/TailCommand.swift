import ArgumentParser
import ChatBroker
import ChatWire
import Dispatch
import Foundation
import NIOCore
import ServerKit

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Prints what a room receives, as it comes; with --json one object a line.",
        discussion: "What the link did not carry is read from the history. Exit status 5: some of it was gone.")
    @Argument(help: "The room.") var room: String
    @Option(help: "End after so many entries.") var count: Int?
    @OptionGroup var options: ControlOptions

    func validate() throws {
        guard count.map({ $0 > 0 }) ?? true else { throw ValidationError("--count is 1 or more.") }
    }

    func run() async throws {
        let (asJSON, name, count) = (options.json, room, count)
        try await options.run(watching: true) { session in
            let room = try RoomName(name)
            // The position comes before the subscription: what is said in between is read.
            let start = try await session.call { $0.history(of: room, .newest(limit: 1)) }.last
            try await session.call { $0.subscribe(to: room) }
            let endings = Endings(session)
            defer { endings.stop() }
            var tail = Tail(
                session: session, room: room, asJSON: asJSON, left: count, machine: TailMachine(last: start))
            try await tail.catchUp()
            for await news in session.news {
                guard try await tail.hear(news) else { break }
            }
            try await tail.end()
            guard !tail.machine.hasGap else {
                throw ProcessFailure(.gap, "some entries could not be had; `termchat-ctl history` shows what is left.")
            }
        }
    }
}

/// The driver of ``TailMachine``.
private struct Tail {
    let session: ControlSession
    let room: RoomName
    let asJSON: Bool
    /// Entries until the end; nil goes on.
    var left: Int?
    var machine: TailMachine
    private var willReadAgain = false

    init(session: ControlSession, room: RoomName, asJSON: Bool, left: Int?, machine: TailMachine) {
        self.session = session
        self.room = room
        self.asJSON = asJSON
        self.left = left
        self.machine = machine
    }

    var isDone: Bool { left == 0 }

    /// - Returns: whether the tail goes on.
    mutating func hear(_ news: ControlSession.News) async throws -> Bool {
        switch news {
        case .linkDown(let reason):
            machine.linkLost()
            ControlOutput.errors("termchat-ctl: the link to Redis is down: \(ControlOutput.visible(reason))")
        case .linkUp:
            machine.linkRestored()
            try await catchUp()
        case .readAgain:
            willReadAgain = false
            if machine.owesRead { try await catchUp() }
        case .delivery(let delivery):
            for case .entry(let entry) in delivery.events where !isDone { try await hear(entry) }
        }
        return !isDone
    }

    private mutating func hear(_ entry: Entry) async throws {
        switch machine.received(entry) {
        case .ignore: return
        case .print: return try print(entry)
        case .read: break
        }
        // An entry that comes while the history cannot be read is read later.
        guard try await catchUp(), !isDone else { return }
        switch machine.received(entry) {
        case .ignore: break
        case .print: try print(entry)
        case .read:
            tellGap(after: machine.last)
            machine.skipped(to: entry)
            try print(entry)
        }
    }

    /// Reads what was not heard.
    /// - Returns: whether it could be read; else it is tried again, and when the link comes up.
    @discardableResult
    mutating func catchUp() async throws -> Bool {
        while !isDone {
            let (after, room) = (machine.last, room)
            let page: HistoryPage
            do {
                page = try await session.call { $0.history(of: room, .after(after, limit: Limits.pageEntriesMax)) }
            } catch let error as BrokerError where error.code == .unavailable {
                if !willReadAgain { session.readAgainSoon() }
                willReadAgain = true
                return false
            }
            switch machine.read(page) {
            case .nothing: return true
            case .print(let missing):
                if missing { tellGap(after: after) }
                for entry in page.entries where !isDone { try print(entry) }
            }
            guard page.more else { return true }
        }
        return true
    }

    /// What was said until the end and not heard, because the link was down just then, is read now.
    /// - Throws: ``ProcessFailure`` where it cannot be had: what came last may be missing.
    mutating func end() async throws {
        guard !isDone, machine.owesRead, !ControlOutput.readerHasGone else { return }
        guard try await catchUp() else {
            throw ProcessFailure(
                .unavailable, "the link to Redis was down at the end; what came after \(machine.last) was not read.")
        }
    }

    private mutating func print(_ entry: Entry) throws {
        try ControlOutput.line(asJSON ? EntryText.json(entry, in: room) : EntryText.line(entry))
        if let left { self.left = left - 1 }
    }

    private func tellGap(after position: Position) {
        ErrorReport.tell(ProcessFailure(.gap, "entries after \(position) could not be had."), asJSON: asJSON)
    }
}

/// Ends the news on SIGINT and SIGTERM, so that the exit status tells of a gap, and when nobody reads stdout any more.
private final class Endings {
    private let signals: [any DispatchSourceSignal]
    private let look: RepeatedTask

    private static let lookInterval = TimeAmount.milliseconds(500)

    init(_ session: ControlSession) {
        signals = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { session.endNews() }
            source.resume()
            return source
        }
        look = session.broker.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.lookInterval, delay: Self.lookInterval
        ) { _ in
            if ControlOutput.readerHasGone { session.endNews() }
        }
    }

    func stop() {
        look.cancel()
        for source in signals { source.cancel() }
    }
}
