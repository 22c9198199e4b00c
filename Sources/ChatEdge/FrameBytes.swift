import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import WebSocketServer

/// Turns frames into ready WebSocket bytes. Server frames are not masked, so the same bytes go to everyone.
enum FrameBytes {
    /// One server frame as a complete WebSocket text frame.
    static func text(_ frame: ServerFrame) -> ByteBuffer {
        var json = ByteBuffer()
        frame.encode(into: &json)
        return text(json: json)
    }

    static func text(json: ByteBuffer) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(json.readableBytes + 10)
        frame.writeWebSocketTextHeader(payloadBytes: json.readableBytes)
        frame.writeImmutableBuffer(json)
        return frame
    }

    /// Entries as WebSocket frames in one buffer, and each one's JSON as a slice of it.
    static func entries(_ entries: [Entry], room: RoomName) -> (frames: ByteBuffer, rendered: [HistoryTail.Rendered]) {
        var frames = ByteBuffer()
        frames.reserveCapacity(entries.reduce(0) { $0 + $1.tail.readableBytes + 192 })
        var spans: [(start: Int, count: Int)] = []
        spans.reserveCapacity(entries.count)
        for entry in entries { spans.append(write(entry, room: room, into: &frames)) }
        let rendered = zip(entries, spans).compactMap { entry, span in
            frames.getSlice(at: span.start, length: span.count).map {
                HistoryTail.Rendered(id: entry.id, previous: entry.previous, json: $0)
            }
        }
        return (frames, rendered)
    }

    static func rendered(_ entry: Entry, room: RoomName) -> HistoryTail.Rendered {
        var json = ByteBuffer()
        entry.writeJSON(room: room, into: &json)
        return HistoryTail.Rendered(id: entry.id, previous: entry.previous, json: json)
    }

    /// The header's length depends on the payload's, which is known after it is written: room is left for the usual
    /// header, and the rare payload under 126 bytes is moved down to a shorter one.
    private static func write(_ entry: Entry, room: RoomName, into frames: inout ByteBuffer) -> (start: Int, count: Int)
    {
        let header = frames.writerIndex
        frames.writeInteger(UInt32(0))
        let start = frames.writerIndex
        entry.writeJSON(room: room, into: &frames)
        let count = frames.writerIndex - start
        if count >= 126, count <= Int(UInt16.max) {
            frames.setInteger(UInt32(0x817E_0000) | UInt32(count), at: header)
            return (start, count)
        }
        let json = frames.getSlice(at: start, length: count) ?? ByteBuffer()
        frames.moveWriterIndex(to: header)
        frames.writeWebSocketTextHeader(payloadBytes: count)
        let moved = frames.writerIndex
        frames.writeImmutableBuffer(json)
        return (moved, count)
    }
}
