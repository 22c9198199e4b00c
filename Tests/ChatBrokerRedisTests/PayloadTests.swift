import ChatBroker
import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct PayloadTests {
    /// The payload says something else.
    struct NotThat: Error {}

    static let whole = [
        "E1", "E1m12-0 0-0 2 ab", "E1f12-3 12-2 0 m12-4 12-3 3 a\nb", "P1jn~1 s1 5 ann\n",
        "P1ln~1 s1 5 node-lost ann\nmn~1 s2 6 m~1 bob\n", "T1s1 ann",
    ]

    func events(_ text: String) -> [RoomDelivery.Event]? { LivePayload.events(in: ByteBuffer(string: text)) }

    @Test func entriesAreRead() throws {
        let events = try #require(self.events("E1m12-0 0-0 2 abf12-3 12-0 3 x y"))
        let entries = events.compactMap { if case .entry(let entry) = $0 { entry } else { nil } }
        #expect(
            entries == [
                Entry(kind: .message, id: Position("12-0")!, previous: .zero, tail: ByteBuffer(string: "ab")),
                Entry(kind: .file, id: Position("12-3")!, previous: Position("12-0")!, tail: ByteBuffer(string: "x y")),
            ])
    }

    @Test func changesAreRead() throws {
        let events = try #require(self.events("P1jn~1 s1 5 ann\nln~1 s2 6 lost bob\nmn~1 s3 7 m~2 zoé\n"))
        guard case .presence(let change) = events.first else { throw NotThat() }
        let node = NodeID("n~1")!
        func occupant(_ session: String, _ user: String, _ since: UInt64) throws -> Occupant {
            Occupant(session: SessionID(session)!, user: try UserName(user), node: node, since: since)
        }
        #expect(change.joined == [try occupant("s1", "ann", 5)])
        #expect(change.left == [.init(occupant: try occupant("s2", "bob", 6), reason: .lost)])
        #expect(change.moved == [.init(occupant: try occupant("s3", "zoé", 7), from: NodeID("m~2")!)])
    }

    @Test func typingIsReadBack() throws {
        let payload = LivePayload.typing(try UserName("ann"), session: SessionID("s1")!)
        guard case .typing(let user, let session) = LivePayload.events(in: payload)?.first else { throw NotThat() }
        #expect(user.value == "ann" && session.value == "s1")
    }

    @Test func topicsAndMarkersAreRead() throws {
        guard case .topic(let topic, let session) = try #require(self.events("S1123 s1 zoé ship  it")).first else {
            throw NotThat()
        }
        #expect(topic == Topic(text: "ship  it", user: "zoé", time: 123) && session.value == "s1")
        guard case .topic(let cleared, _) = try #require(self.events("S11 s1 ann ")).first else { throw NotThat() }
        #expect(cleared.text == "")
        guard case .read(let mark) = try #require(self.events("R112-3 s1 guest:zoé")).first else { throw NotThat() }
        #expect(mark.position == Position("12-3") && mark.principal.description == "guest:zoé")
    }

    @Test(arguments: [
        "", "E", "E2m12-0 0-0 2 ab", "X1", "E1m", "E1x12-0 0-0 2 ab", "E1m12 0-0 2 ab", "E1m12-0 0-0 3 ab",
        "E1m12-0 0-0 -1 ab", "E1m12-0 0-0 99999999999999999999 ab", "E1m99999999999999999999-0 0-0 1 a", "P1j",
        "P1jn s1 5 ann\n", "P1jn~1 S 5 ann\n", "P1ln~1 s1 5 boredom ann\n", "P1mn~1 s1 5 nobody ann\n",
        "P1xn~1 s1 5 ann\n", "P1jn~1 s1 5 ann", "T1", "T1s1", "T1s1 ", "S1", "S1x s1 ann t", "S11 s1 ann",
        "S11 S ann t", "S11 s1 a:b t", "R1", "R112 s1 ann", "R112-3 s1", "R112-3 s1 x:ann",
    ])
    func garbageIsNoPayload(_ text: String) { #expect(events(text) == nil) }

    @Test(arguments: whole) func aPayloadThatIsCutNeverCrashes(_ text: String) {
        #expect(events(text) != nil)
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count { _ = LivePayload.events(in: ByteBuffer(bytes: bytes[..<count])) }
    }

    @Test(arguments: whole) func aPayloadWithAByteChangedNeverCrashes(_ text: String) {
        var generator = SplitMix(state: 1)
        for _ in 0..<2000 {
            var bytes = Array(text.utf8)
            bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
            _ = LivePayload.events(in: ByteBuffer(bytes: bytes))
            _ = InboxPayload(ByteBuffer(bytes: bytes), bytesMax: 1000)
        }
    }

    @Test func nodeMessagesAreReadBack() throws {
        let message = NodeMessage.claimed(request: 1, session: .init(user: "ann"))
        let payload = try InboxPayload.encoded(message)
        guard case .message(message) = InboxPayload(payload, bytesMax: 1000) else { return #expect(Bool(false)) }
        #expect(InboxPayload(payload, bytesMax: 5) == nil)
        #expect(InboxPayload(ByteBuffer(string: "N1{}"), bytesMax: 1000) == nil)
        #expect(InboxPayload(ByteBuffer(string: "N2{}"), bytesMax: 1000) == nil)
        guard case .probe(9) = InboxPayload(InboxPayload.probe(9), bytesMax: 10) else { return #expect(Bool(false)) }
    }
}
