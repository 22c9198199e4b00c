import NIOCore

/// What the channel and the loop tell the connection.
extension WebSocketConnection: LoopMember {
    /// Input kept while reading is held, at most. Reads stop at once, so only a peer that ends its stream can bring more:
    /// NIO then reads out the kernel's buffer regardless.
    static let unreadBytesMax = 64 * 1024

    /// A closing connection reads to the end, and drops what it reads.
    private var takesMessages: Bool { holds.isEmpty || !closing.isOpen }

    /// Not before what was read earlier is taken: with an application that pauses after a few messages each time it would
    /// pile up.
    var wantsRead: Bool { takesMessages && unread == nil }

    func received(_ bytes: ByteBuffer) {
        liveness.heard(at: loop.now)
        guard var input = unread.take() else { return take(bytes) }
        input.writeImmutableBuffer(bytes)
        take(input)
    }

    func readCompleted() {
        if closing.isOpen { delegate?.readComplete() }
    }

    func writabilityChanged(isWritable: Bool) {
        guard isOpen, isWritable != self.isWritable else { return }
        if isWritable {
            release(.outbound)
        } else {
            holds.insert(.outbound)
            // What it took until now is no sign of life for later.
            _ = outboundMoved()
        }
        delegate?.writabilityChanged(isWritable: isWritable)
    }

    func sweep(now: NIODeadline) {
        guard closing.isOpen else { return perform(closing.timerFired(at: now)) }
        noteSilence(now: now)
        if !holds.isEmpty, messageDeadline != .distantFuture {
            // Not read from, the peer cannot finish its message: its time begins anew when it is read from again.
            messageDeadline = now + TimeAmount(loop.settings.deadlines.message)
        }
        if now >= messageDeadline { return fail(.tooSlow) }
        switch liveness.timerFired(at: now) {
        case .none:
            delegate?.tick(now: now)
        case .ping:
            var frame = ByteBuffer()
            frame.writeWebSocketFrame(.ping, ByteBuffer())
            send(frame, count: 1)
            delegate?.tick(now: now)
        case .lost:
            loop.counters.pongsMissed.add(1)
            close(loop.settings.deadlines.pongMissed, reason: "no pong")
        }
    }

    func shutDown() {
        close(.goingAway, reason: "this server is stopping")
    }

    func release(_ hold: ReadHold) {
        guard !holds.isDisjoint(with: hold) else { return }
        holds.subtract(hold)
        if wantsRead { context?.read() } else { eventLoop.execute { self.takeUnread() } }
    }

    /// A peer that we do not read from cannot be heard. Held by the application, it is not to blame; held because it does
    /// not read, its taking anything is the sign of life.
    private func noteSilence(now: NIODeadline) {
        if holds.contains(.outbound) ? outboundMoved() : holds.contains(.application) { liveness.heard(at: now) }
    }

    private func takeUnread() {
        guard takesMessages, let input = unread.take() else { return }
        take(input)
        readCompleted()
        if wantsRead { context?.read() }
    }

    /// Hands over what is in `bytes`. Pongs are collected and leave in one write, but before the answers to messages
    /// that came after their Pings.
    private func take(_ bytes: ByteBuffer) {
        var input = bytes
        var pongs = ByteBuffer()
        var hasMessage = false
        while takesMessages, let event = assembler.next(&input, scratch: &loop.scratch) {
            if case .ping(let payload) = event {
                if closing.isOpen { pongs.writeWebSocketFrame(.pong, payload) }
                continue
            }
            sendPongs(&pongs)
            if handle(event) { hasMessage = true }
        }
        sendPongs(&pongs)
        keep(input)
        watchUnfinished(restart: hasMessage)
    }

    /// Returns whether the event was a message.
    private func handle(_ event: MessageAssembler.Event) -> Bool {
        switch event {
        case .text(let text):
            if closing.isOpen { delegate?.received(text: text) }
            return true
        case .binary(let binary):
            if closing.isOpen { delegate?.received(binary: binary) }
            return true
        case .ping, .pong:
            return false
        case .close(let code):
            perform(closing.received(code, until: closeDeadline))
            return false
        case .violation(let violation):
            fail(violation)
            return false
        }
    }

    private func sendPongs(_ pongs: inout ByteBuffer) {
        guard pongs.readableBytes > 0 else { return }
        send(pongs, count: 1)
        pongs = ByteBuffer()
    }

    private func fail(_ violation: ProtocolViolation) {
        perform(closing.violated(violation, until: closeDeadline))
    }

    private func keep(_ input: ByteBuffer) {
        guard input.readableBytes > 0, !takesMessages else { return }
        guard input.readableBytes <= Self.unreadBytesMax else { return abort() }
        unread = input
    }

    /// Starts and ends the deadline of an unfinished message, and accounts for the memory it holds.
    private func watchUnfinished(restart: Bool) {
        if !assembler.isMidway {
            messageDeadline = .distantFuture
        } else if restart || messageDeadline == .distantFuture {
            messageDeadline = loop.now + TimeAmount(loop.settings.deadlines.message)
        }
        let bytes = assembler.unfinishedBytes + (unread?.storageCapacity ?? 0)
        guard bytes != unfinishedBytes else { return }
        let change = bytes - unfinishedBytes
        unfinishedBytes = bytes
        if !loop.unfinishedChanged(by: change) { fail(.unfinishedElsewhere) }
    }
}
