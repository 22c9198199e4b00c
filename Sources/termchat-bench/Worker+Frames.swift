import Synchronization

/// What comes down: the checks of every delivery.
extension Worker {
    func receivedText(_ frame: FrameScanner, on connection: Connection) {
        switch frame.kind {
        case .message:
            if connection.isPaging {
                hold(frame, on: connection)
            } else {
                receivedEntry(frame, from: 0, on: connection)
            }
        case .ack:
            count { tally in
                tally.acknowledged += 1
                if !frame.contains(#""duplicate":true"#) { tally.published[connection.room, default: 0] += 1 }
            }
        case .error:
            let code = frame.end(of: #""code":""#).map { frame.string(at: $0) } ?? "unknown"
            count { $0.failed(code) }
        case .joined:
            receivedPage(frame, on: connection)
            if connection.last == nil, let offset = frame.end(of: #""position":""#) {
                connection.last = frame.position(at: offset)
            }
            becomeLive(connection)
        case .history:
            receivedPage(frame, on: connection)
        case .slow:
            count { $0.slow += 1 }
            join(connection)
        case .gap:
            count { $0.gapFrames += 1 }
        case .other:
            break
        }
    }

    /// Entries of a page count as deliveries: they are what a reconnect or a slow mark held back.
    private func receivedPage(_ frame: FrameScanner, on connection: Connection) {
        var offset = 0
        while let next = frame.end(of: #"{"type":"message""#, from: offset) {
            receivedEntry(frame, from: next, on: connection)
            offset = next
        }
        connection.isPaging = offset > 0 && frame.contains(#""more":true"#)
        if connection.isPaging, let last = connection.last {
            let room = plan.roomName(connection.room)
            let page = #"{"type":"history","ref":0,"room":"\#(room)","after":"\#(last)","limit":1000}"#
            write(FrameWriter.text(page.utf8), to: connection)
        } else {
            releaseHeld(on: connection)
        }
    }

    private func hold(_ frame: FrameScanner, on connection: Connection) {
        guard connection.held.count < BenchLimits.heldMax else { return lose(connection, "too far behind") }
        connection.held.append(Array(frame.bytes))
    }

    private func releaseHeld(on connection: Connection) {
        let held = connection.held
        connection.held = []
        for bytes in held {
            bytes.withUnsafeBytes { raw in
                let frame = FrameScanner(raw)
                // The last page may reach further than the first of these.
                guard let offset = frame.end(of: #""id":""#), let id = frame.position(at: offset),
                    connection.last.map({ $0 < id }) ?? true
                else { return }
                receivedEntry(frame, from: 0, on: connection)
            }
        }
    }

    private func receivedEntry(_ frame: FrameScanner, from offset: Int, on connection: Connection) {
        guard let idOffset = frame.end(of: #""id":""#, from: offset), let id = frame.position(at: idOffset),
            let previousOffset = frame.end(of: #""prev":""#, from: idOffset),
            let previous = frame.position(at: previousOffset)
        else { return count { $0.failed("unreadable entry") } }
        if let last = connection.last {
            if id == last { return count { $0.duplicates += 1 } }
            if id < last { return count { $0.outOfOrder += 1 } }
            if previous != last { count { $0.gaps += 1 } }
        }
        connection.last = id
        count { $0.deliveries += 1 }
        takeLatency(frame, from: previousOffset, on: connection)
    }

    /// Of an entry that was due in the measured time, whether it came live or in a page.
    private func takeLatency(_ frame: FrameScanner, from start: Int, on connection: Connection) {
        guard connection.untilSample == 0 else {
            connection.untilSample -= 1
            return
        }
        connection.untilSample = plan.sampleEvery - 1
        guard let offset = frame.end(of: #""body":""#, from: start), let sentAt = frame.time(at: offset),
            plan.measured(from: phase.publishFrom.load(ordering: .relaxed)).contains(sentAt)
        else { return }
        let now = Clock.now()
        count { $0.latency.record(now > sentAt ? now - sentAt : 0) }
    }
}
