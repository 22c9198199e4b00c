import Glibc
import CLinux
import Foundation
import Synchronization

/// One thread of the load: an epoll loop over its share of the connections.
///
/// Everything in it belongs to that thread until it has ended; ``Phase`` is what crosses.
final class Worker: @unchecked Sendable {
    let plan: Plan
    let phase: Phase
    let connections: [Connection]
    /// Those of ``connections`` that publish, in turn.
    private let publishers: [Connection]
    private(set) var tally = Tally()
    /// The tally when the warm-up ended.
    private(set) var atStart: Tally?
    /// The tally when the measured time ended.
    private(set) var atEnd: Tally?
    private let epoll: CInt
    private let timer: CInt
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: BenchLimits.frameBytesMax + 65536, alignment: 16)
    private var opened = 0
    private var connecting = 0
    private var sendsDone = 0
    /// Connections waiting to be opened again.
    private var lost: [Connection] = []
    /// The last position written by the publisher of the bare dialect.
    private var written: UInt64 = 0

    /// - Throws: where the process is out of descriptors.
    init(number: Int, plan: Plan, phase: Phase) throws {
        self.plan = plan
        self.phase = phase
        connections = stride(from: number, to: plan.connectionsOpened, by: plan.threads).map {
            Connection(index: $0, plan: plan)
        }
        publishers = connections.filter { $0.index < plan.publishers }
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        timer = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_NONBLOCK))
        guard epoll >= 0, timer >= 0 else {
            throw BenchError("No descriptor left: \(String(cString: strerror(errno))).")
        }
        watch(timer, tag: Self.timerTag, events: EPOLLIN.rawValue, add: true)
    }

    deinit {
        buffer.deallocate()
        close(epoll)
        close(timer)
    }

    private static let timerTag = UInt64.max

    /// Changes the tally in place; for the checks of the frames.
    func count(_ change: (inout Tally) -> Void) { change(&tally) }

    /// The thread: opens the connections, publishes, counts, until the run is over.
    func run() {
        let startedAt = Clock.now()
        var events = [epoll_event](repeating: epoll_event(), count: 1024)
        while !phase.isOver.load(ordering: .relaxed) {
            let now = Clock.now()
            openConnections(startedAt: startedAt, now: now)
            reopenLost(now: now)
            publish(now: now)
            takeSnapshots(now: now)
            let count = epoll_wait(epoll, &events, Int32(events.count), 20)
            guard count > 0 else { continue }
            phase.lastHeard.store(Clock.now(), ordering: .relaxed)
            for event in events[..<Int(count)] { handle(event) }
        }
        for connection in connections where connection.descriptor >= 0 { close(connection.descriptor) }
    }

    private func handle(_ event: epoll_event) {
        guard event.data.u64 != Self.timerTag else {
            var expirations: UInt64 = 0
            _ = read(timer, &expirations, 8)
            return
        }
        let connection = connections[Int(event.data.u64)]
        if connection.state == .connecting {
            connected(connection)
        } else if event.events & EPOLLOUT.rawValue != 0 {
            write([], to: connection)
        }
        if event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0, connection.descriptor >= 0 {
            receive(connection)
        }
    }

    private func watch(_ descriptor: CInt, tag: UInt64, events: UInt32, add: Bool) {
        var event = epoll_event()
        event.events = events
        event.data.u64 = tag
        epoll_ctl(epoll, add ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
    }
}

/// Opening connections.
extension Worker {
    private func openConnections(startedAt: UInt64, now: UInt64) {
        let due = Int(Double(now - startedAt) / 1e9 * Double(plan.ramp) / Double(plan.threads)) + 1
        while opened < min(due, connections.count), connecting < BenchLimits.connectingMax {
            open(opened)
            opened += 1
        }
    }

    private func reopenLost(now: UInt64) {
        guard !lost.isEmpty else { return }
        let due = lost.filter { $0.reopenAt <= now }
        lost.removeAll { $0.reopenAt <= now }
        for connection in due { open(connection.index / plan.threads) }
    }

    private func open(_ number: Int) {
        let connection = connections[number]
        let target = plan.targets[connection.index % plan.targets.count]
        let source = connection.index / plan.targets.count / BenchLimits.connectionsPerSource
        guard let descriptor = Socket.connect(to: target, source: source) else {
            tally.failed("connect: \(String(cString: strerror(errno)))")
            return retry(connection)
        }
        connection.descriptor = descriptor
        if connection.isStuck {
            var bytes = BenchLimits.stuckReceiveBufferBytes
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
        }
        connection.state = .connecting
        connecting += 1
        watch(descriptor, tag: UInt64(number), events: EPOLLOUT.rawValue, add: true)
    }

    private func connected(_ connection: Connection) {
        connecting -= 1
        watch(connection.descriptor, tag: UInt64(connection.index / plan.threads), events: EPOLLIN.rawValue, add: false)
        let target = plan.targets[connection.index % plan.targets.count]
        connection.state = .upgrading
        write(
            Array(
                """
                GET \(plan.path) HTTP/1.1\r\nHost: \(target.authority)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                Sec-WebSocket-Protocol: termchat.v1\r\n\r\n
                """.utf8), to: connection)
    }

    func upgraded(_ connection: Connection) {
        guard plan.dialect == .termchat else { return becomeLive(connection) }
        connection.state = .joining
        let token = plan.token.map { #","token":"\#($0)""# } ?? ""
        let hello = #"{"type":"hello","user":"b\#(connection.index)","client":"termchat-bench"\#(token)}"#
        write(FrameWriter.text(hello.utf8), to: connection)
        join(connection)
    }

    func join(_ connection: Connection) {
        let since = connection.last.map { #","since":"\#($0)","limit":1000"# } ?? #","limit":0"#
        let join = #"{"type":"join","ref":0,"room":"\#(plan.roomName(connection.room))"\#(since)}"#
        write(FrameWriter.text(join.utf8), to: connection)
    }

    func becomeLive(_ connection: Connection) {
        connection.state = .live
        if connection.isStuck { epoll_ctl(epoll, EPOLL_CTL_DEL, connection.descriptor, nil) }
        guard !connection.wasLive else { return }
        connection.wasLive = true
        phase.live.add(1, ordering: .relaxed)
    }

    /// The connection is gone: it comes back shortly, from the last entry it saw.
    func lose(_ connection: Connection, _ reason: String) {
        guard connection.descriptor >= 0 else { return }
        if connection.state == .connecting { connecting -= 1 }
        close(connection.descriptor)
        connection.descriptor = -1
        tally.failed(reason)
        if connection.wasLive { tally.reconnects += 1 }
        retry(connection)
    }

    private func retry(_ connection: Connection) {
        connection.state = .idle
        connection.pending = []
        connection.unsent = []
        connection.isPaging = false
        connection.held = []
        connection.reopenAt = Clock.now() + BenchLimits.reconnectAfter.nanoseconds
        lost.append(connection)
    }
}

/// Reading and writing.
extension Worker {
    private func receive(_ connection: Connection) {
        let kept = connection.pending.count
        if kept > 0 { connection.pending.withUnsafeBytes { buffer.copyMemory(from: $0) } }
        let count = read(connection.descriptor, buffer.baseAddress.map { $0 + kept }, buffer.count - kept)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return lose(connection, "connection lost") }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<(kept + count)])
        let used = consume(bytes, from: connection)
        guard connection.descriptor >= 0 else { return }
        if used < bytes.count {
            guard bytes.count - used <= BenchLimits.frameBytesMax else { return lose(connection, "frame too long") }
            connection.pending = [UInt8](bytes[used...])
        } else if kept > 0 {
            connection.pending.removeAll(keepingCapacity: false)
        }
    }

    /// Handles every whole frame (or the answer to the upgrade); returns how many bytes they took.
    private func consume(_ bytes: UnsafeRawBufferPointer, from connection: Connection) -> Int {
        var offset = 0
        if connection.state == .upgrading {
            let scanner = FrameScanner(bytes)
            guard let end = scanner.end(of: "\r\n\r\n") else { return 0 }
            guard scanner.contains("HTTP/1.1 101") else {
                lose(connection, "upgrade: " + String(decoding: bytes.prefix { $0 != 13 }, as: UTF8.self))
                return bytes.count
            }
            offset = end
            upgraded(connection)
        }
        while connection.descriptor >= 0, bytes.count - offset >= 2 {
            var header = 2
            var length = Int(bytes[offset + 1] & 0x7f)
            if length == 126 {
                guard bytes.count - offset >= 4 else { break }
                length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
                header = 4
            } else if length == 127 {
                guard bytes.count - offset >= 10 else { break }
                length = (2..<10).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
                header = 10
            }
            guard length >= 0, length <= BenchLimits.frameBytesMax else {
                lose(connection, "frame too long")
                break
            }
            guard bytes.count - offset >= header + length else { break }
            let payload = UnsafeRawBufferPointer(rebasing: bytes[(offset + header)..<(offset + header + length)])
            received(opcode: bytes[offset] & 0x0f, payload, on: connection)
            offset += header + length
        }
        return offset
    }

    private func received(opcode: UInt8, _ payload: UnsafeRawBufferPointer, on connection: Connection) {
        switch opcode {
        case 1: receivedText(FrameScanner(payload), on: connection)
        case 8:
            let code = payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : 1005
            lose(connection, "close \(code)")
        case 9: write(FrameWriter.pong(payload), to: connection)
        default: break
        }
    }

    /// Writes what the socket takes; the rest goes when it takes more.
    func write(_ bytes: [UInt8], to connection: Connection) {
        guard connection.descriptor >= 0 else { return }
        let wasBlocked = !connection.unsent.isEmpty
        connection.unsent += bytes
        let count = connection.unsent.withUnsafeBytes {
            Glibc.send(connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno != EAGAIN, errno != EINTR { return lose(connection, "connection lost") }
        connection.unsent.removeFirst(max(0, count))
        let isBlocked = !connection.unsent.isEmpty
        if isBlocked != wasBlocked {
            let events = EPOLLIN.rawValue | (isBlocked ? EPOLLOUT.rawValue : 0)
            watch(connection.descriptor, tag: UInt64(connection.index / plan.threads), events: events, add: false)
        }
    }
}

/// Publishing.
extension Worker {
    /// Sends what is due. The time in a body is the time it was due: a server (or a bench) that falls behind is
    /// measured with its delay.
    private func publish(now: UInt64) {
        let from = phase.publishFrom.load(ordering: .acquiring)
        guard from > 0, !publishers.isEmpty, plan.rate > 0 else { return }
        let interval = 1e9 * Double(plan.publishers) / Double(publishers.count) / plan.rate
        let until = plan.measured(from: from).upperBound
        while true {
            let due = from + UInt64(Double(sendsDone) * interval)
            guard due < until else { return }
            guard due <= now else { return wake(at: due) }
            send(due: due, from: publishers[sendsDone % publishers.count])
            sendsDone += 1
        }
    }

    private func wake(at time: UInt64) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(time / 1_000_000_000)
        setting.it_value.tv_nsec = Int(time % 1_000_000_000)
        timerfd_settime(timer, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }

    private func send(due: UInt64, from connection: Connection) {
        guard connection.state == .live else {
            tally.skipped += 1
            return
        }
        let digits = String(due, radix: 16)
        let time = String(repeating: "0", count: 16 - digits.count) + digits
        let body = time + String(repeating: "x", count: max(0, plan.bodyBytes - 16))
        let key = "\(plan.run)-\(connection.index)-\(sendsDone)"
        let room = plan.roomName(connection.room)
        let frame: String
        switch plan.dialect {
        case .termchat:
            frame = #"{"type":"send","ref":1,"room":"\#(room)","key":"\#(key)","body":"\#(body)"}"#
        case .bare:
            written += 1
            frame =
                #"{"type":"message","room":"\#(room)","id":"\#(written)-0","prev":"\#(written - 1)-0","ts":\#(written),"#
                + #""user":"bench","session":"bench","key":"\#(key)","body":"\#(body)"}"#
            tally.published[connection.room, default: 0] += 1
        }
        tally.sent += 1
        write(FrameWriter.text(frame.utf8), to: connection)
    }

    private func takeSnapshots(now: UInt64) {
        let from = phase.publishFrom.load(ordering: .acquiring)
        guard from > 0 else { return }
        let measured = plan.measured(from: from)
        if atStart == nil, now >= measured.lowerBound { atStart = tally }
        if atEnd == nil, now >= measured.upperBound { atEnd = tally }
    }
}
