import ChatBroker
import ChatCore
import ChatTesting
import ChatWire
import NIOCore
import Testing

@testable import ChatEdge

/// Values of the edge that need no socket.
@Suite struct EdgePartsTests {
    private func room(_ name: String = "lobby") throws -> RoomName { try RoomName(name) }

    private func entry(_ number: UInt64, body: String) throws -> Entry {
        Entry(
            kind: .message, id: Position(milliseconds: number, sequence: 0),
            previous: Position(milliseconds: number - 1, sequence: 0),
            tail: Entry.messageTail(
                user: try UserName("ann"), session: try #require(SessionID("s3ss10n")), key: "k",
                bodyJSON: ByteBuffer(string: "\"\(body)\"")))
    }

    @Test(arguments: [1, 10, 20, 30, 1000, 8000, 70_000])
    func entriesBecomeWholeFrames(bodyBytes: Int) throws {
        let entries = try (1...3).map { try entry($0, body: String(repeating: "x", count: bodyBytes)) }
        let (frames, rendered) = FrameBytes.entries(entries, room: try room())
        var rest = frames
        for (entry, rendered) in zip(entries, rendered) {
            guard let payload = rest.readServerFrame() else { throw CutShort() }
            #expect(payload == rendered.json)
            guard case .entry(_, let decoded)? = try ServerFrame.decode(payload) else {
                Issue.record("not an entry: \(String(buffer: payload).prefix(80))")
                return
            }
            #expect(decoded == entry)
        }
        #expect(rest.readableBytes == 0)
    }

    @Test func waitingEntriesOfARoomBecomeOneBuffer() throws {
        var waiting = WaitingBatches()
        let position = { (number: UInt64) in Position(milliseconds: number, sequence: 0) }
        let entries = { (text: String, after: UInt64) in
            RoomBatch.Segment.entries(ByteBuffer(string: text), count: text.count, after: position(after))
        }
        waiting.append(RoomBatch(room: try room("a"), segments: [entries("xy", 1)]))
        waiting.append(RoomBatch(room: try room("b"), segments: [entries("q", 1)]))
        waiting.append(
            RoomBatch(room: try room("a"), segments: [entries("z", 3), .frame(ByteBuffer(), except: [:], after: nil)]))
        waiting.append(RoomBatch(room: try room("a"), segments: [entries("w", 4)]))
        #expect(try ["a", "b", "c"].map { waiting.holds(try room($0)) } == [true, true, false])
        let batches = waiting.take()
        #expect(batches.map(\.room) == [try room("a"), try room("b")])
        #expect(batches[0].segments.count == 3)
        guard case .entries(let joined, let count, let after) = batches[0].segments[0] else {
            Issue.record("no entries first")
            return
        }
        #expect(String(buffer: joined) == "xyz" && count == 3 && after == position(1))
        #expect(waiting.isEmpty)
        #expect(try !waiting.holds(room("a")))
    }

    @Test func aResumeTokenSurvivesItsText() throws {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        let node = NodeID.new(name: "edge.a-1", using: &random)
        let token = ResumeToken(
            node: try #require(node), session: .random(using: &random),
            secret: ResumeToken.randomSecret(using: &random))
        #expect(ResumeToken(token.text) == token)
        let text = token.text
        for wrong in ["", ".", "..", "a.b.c", String(text.dropLast()), text + "0", text.uppercased() + "g"] {
            #expect(ResumeToken(wrong) == nil, "\(wrong)")
        }
    }

    @Test func aPageIsCutAtItsNewestOrOldestEnd() throws {
        let big = String(repeating: "x", count: 8000)
        let rendered = try (1...100).map { FrameBytes.rendered(try entry($0, body: big), room: try room()) }
        let newest = Hub.cut(rendered, keepingNewest: true)
        let oldest = Hub.cut(rendered, keepingNewest: false)
        #expect(newest.wasCut && oldest.wasCut)
        #expect(newest.entries.last?.id == rendered.last?.id)
        #expect(oldest.entries.first?.id == rendered.first?.id)
        #expect(newest.entries.reduce(0) { $0 + $1.json.readableBytes } <= EdgeLimits.pageBytesMax)
        #expect(Hub.cut(Array(rendered.prefix(3)), keepingNewest: true).wasCut == false)
    }
}

private struct CutShort: Error {}

extension ByteBuffer {
    /// The payload of one unmasked text frame.
    fileprivate mutating func readServerFrame() -> ByteBuffer? {
        guard readInteger(as: UInt8.self) == 0x81, let short = readInteger(as: UInt8.self) else { return nil }
        switch short {
        case 126: return readInteger(as: UInt16.self).flatMap { readSlice(length: Int($0)) }
        case 127: return readInteger(as: UInt64.self).flatMap { readSlice(length: Int($0)) }
        default: return readSlice(length: Int(short))
        }
    }
}
