import ChatWire
import NIOCore
import NIOPosix
import TerminalUI

/// Runs the full screen: the one owner of the ``ChatModel``. Events go in, actions come out and are done, and what
/// changed is drawn, at most once in ``frame``.
///
/// Everything that waits (requests, transfers, the disk) does so in tasks of its own and answers through the inbox;
/// ``run()`` returns when all of them are over.
actor FullScreen {
    /// Why the screen is gone.
    enum Ending: Sendable, Equatable {
        case left
        case stopped(StopReason)
        /// Sign in again under that name.
        case renamed(String)
        case loggedOut
    }

    /// What is left when the screen is gone.
    struct Outcome: Sendable {
        var ending: Ending
        /// Messages that are not stored yet; they are kept.
        var unsent: Int
        /// The server let this user in.
        var wasConnected: Bool
        /// For the next screen, where there is one.
        var luggage: Luggage
    }

    /// Between two pictures while messages flood in; a key is drawn at once.
    static let frame = TimeAmount.milliseconds(16)
    /// How long leaving waits for acknowledgements.
    static let goodbye = TimeAmount.seconds(2)

    let setup: ScreenSetup
    let session: ChatSession
    let terminal: Terminal
    let inbox: ScreenInbox
    let keeper: ScreenKeeper
    let group: MultiThreadedEventLoopGroup = .singleton
    var model: ChatModel
    var transfers: [Int: Task<Void, Never>] = [:]
    var transfersMade = 0
    private(set) var ending: Ending?
    private var wasConnected = false
    private var renderer: Renderer
    private let memo = PictureMemo()
    private var drawnAt: NIODeadline?
    private var isChanged = true
    private let keys: ScreenKeys
    private let outgoing: AsyncStream<OutgoingMessage>.Continuation
    private let messages: AsyncStream<OutgoingMessage>

    init(_ setup: ScreenSetup, session: ChatSession, terminal: Terminal, keys: ScreenKeys) {
        self.setup = setup
        self.session = session
        self.terminal = terminal
        inbox = ScreenInbox(loop: MultiThreadedEventLoopGroup.singleton.next())
        keeper = ScreenKeeper(setup)
        self.keys = keys
        renderer = Renderer(level: setup.colors)
        (messages, outgoing) = AsyncStream.makeStream()
        model = setup.model()
    }

    /// - Parameter trouble: is said at first.
    func run(trouble: String? = nil) async -> Outcome {
        let (keeper, drafts) = (keeper, await keeper.loadDrafts())
        let kept = Dictionary(uniqueKeysWithValues: drafts.rooms.map { ($0, drafts[$0]) })
        let texts = kept.merging(setup.brought) { $1 }
        // They end by themselves with what they were given, also when the screen is left: nothing that was typed is lost.
        let keeping = Task { await keeper.run(drafts) }
        let sending = Task { [session, messages, inbox] in await Self.send(messages, session, inbox) }
        model.editor.history = InputHistory(await keeper.loadInputs())
        let size = terminal.size
        (model.columns, model.rows) = (size.columns, size.rows)
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { [session, inbox] in
                for await event in session.events { await inbox.put(.session(event)) }
            }
            feed(.started(rooms: setup.beginning.rooms, drafts: texts, restored: session.restored), &tasks)
            if let trouble { feed(.failed(trouble), &tasks) }
            keys.begin(inbox)
            terminal.deliver { [keys, inbox] event in Self.received(event, keys, inbox) }
            while ending == nil { await step(&tasks) }
            await sayGoodbye(&tasks)
            // What the terminal says from now on is for the next screen, where there is one.
            terminal.stopDelivering()
            await takeRest(&tasks)
            // Nobody takes from it any more: whoever waits for room would keep the session from ending.
            inbox.close()
            outgoing.finish()
            await sending.value
            for transfer in transfers.values { transfer.cancel() }
            for transfer in transfers.values { await transfer.value }
            await session.close()
            keeper.close()
            await keeping.value
            tasks.cancelAll()
        }
        var luggage = Luggage(of: model, otherwise: setup.rooms)
        if setup.isOnTrial, !wasConnected {
            luggage = luggage.returned(rooms: setup.rooms, brought: setup.brought, kept: kept)
        }
        return Outcome(
            ending: ending ?? .left, unsent: model.unsent(), wasConnected: wasConnected, luggage: luggage)
    }

    /// Draws what is due, waits for something to happen and does what follows.
    /// - Parameter end: how long it waits at most.
    private func step(_ tasks: inout DiscardingTaskGroup, until end: NIODeadline? = nil) async {
        draw(at: .now())
        guard let events = await inbox.next(until: [due, end].compactMap(\.self).min()) else {
            ending = ending ?? .left
            return
        }
        if events.isEmpty { feed(.tick, &tasks) }
        for event in events { feed(event, &tasks) }
    }

    private func feed(_ event: ScreenEvent, _ tasks: inout DiscardingTaskGroup) {
        model.now = .now()
        model.wallClock = ScreenSetup.wallClock()
        isChanged = true
        if case .terminal = event { drawnAt = nil }
        if case .resized = event { redraw() }
        if case .session(.connected) = event { wasConnected = true }
        if case .session(.stopped(let reason)) = event, ending == nil { ending = .stopped(reason) }
        for action in model.update(event) { perform(action, &tasks) }
    }

    /// What was sent a moment ago is acknowledged in most cases: an answer that nobody hears is a message sent again. The
    /// user goes on typing meanwhile, and sees it.
    private func sayGoodbye(_ tasks: inout DiscardingTaskGroup) async {
        if case .stopped = ending { return }
        guard case .online = model.connection else { return }
        let end = NIODeadline.now() + Self.goodbye
        while model.unsent() > 0, NIODeadline.now() < end { await step(&tasks, until: end) }
    }

    /// What was typed until now belongs to this screen's input line, and what is typed from now on to the next one's.
    private func takeRest(_ tasks: inout DiscardingTaskGroup) async {
        keys.end()
        // All keys come at once.
        for event in await inbox.next(until: .now()) ?? [] { feed(event, &tasks) }
        feed(.ending, &tasks)
    }

    /// What ``Terminal/deliver(to:)`` hands over: not on this actor, and under the terminal's lock.
    /// - Parameter event: nil where the terminal is gone.
    private static func received(_ event: Terminal.Event?, _ keys: ScreenKeys, _ inbox: ScreenInbox) {
        switch event {
        case .bytes(let bytes): keys.received(bytes)
        case .resized(let columns, let rows): inbox.putUrgent(.resized(columns: columns, rows: rows))
        case .writable: inbox.putUrgent(.tick)
        case .continued: inbox.putUrgent(.continued)
        case .terminated, nil: inbox.putUrgent(.terminated)
        }
    }

    /// One after the other, so that they are stored in the order in which they were written.
    private static func send(
        _ messages: AsyncStream<OutgoingMessage>, _ session: ChatSession, _ inbox: ScreenInbox
    ) async {
        for await message in messages {
            do {
                try await session.send(message)
            } catch {
                inbox.putUrgent(.sendFailed(message, reason: words(for: error)))
            }
        }
    }

    func send(_ message: OutgoingMessage) { outgoing.yield(message) }

    /// The first reason counts; but who leaves while the next name is awaited does leave.
    func end(_ ending: Ending) {
        if case .renamed = self.ending, ending == .left { self.ending = ending }
        self.ending = self.ending ?? ending
    }
}

// MARK: Drawing

extension FullScreen {
    /// When there is something to do though nothing happens: a picture that was put off, or what changes with time.
    private var due: NIODeadline? {
        let drawing = isChanged && terminal.backlog == 0 ? drawnAt.map { $0 + Self.frame } ?? .now() : nil
        return [drawing, model.nextTick].compactMap { $0 }.min()
    }

    private func draw(at now: NIODeadline) {
        // A terminal that does not keep up gets the newest picture when it can.
        guard isChanged, terminal.backlog == 0 else { return }
        if let drawnAt, now < drawnAt + Self.frame { return }
        isChanged = false
        drawnAt = now
        if !terminal.write(renderer.render(ChatView.screen(of: model, memo))) { renderer.invalidate() }
    }

    /// The next picture is drawn whole.
    func redraw() {
        renderer.invalidate()
        isChanged = true
        drawnAt = nil
    }
}
