import NIOCore
import Testing

@testable import WebSocketServer

@Suite struct MessageAssemblerTests {
    /// An event without its buffers, to compare.
    enum Seen: Equatable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        case pong
        case close(UInt16?)
        case violation(ProtocolViolation)

        init(_ event: MessageAssembler.Event) {
            switch event {
            case .text(let bytes): self = .text(String(buffer: bytes))
            case .binary(let bytes): self = .binary(Array(bytes.readableBytesView))
            case .ping(let bytes): self = .ping(Array(bytes.readableBytesView))
            case .pong: self = .pong
            case .close(let code): self = .close(code?.rawValue)
            case .violation(let violation): self = .violation(violation)
            }
        }
    }

    static let limits = MessageAssembler.Limits(messageBytesMax: 70_000, fragmentsMax: 4)

    /// What the chunks amount to, one after the other.
    private func events(_ chunks: [[UInt8]]) -> [Seen] {
        var assembler = MessageAssembler(limits: Self.limits)
        var scratch = ByteBuffer()
        var seen: [Seen] = []
        for chunk in chunks {
            var input = ByteBuffer(bytes: chunk)
            while let event = assembler.next(&input, scratch: &scratch) { seen.append(Seen(event)) }
            #expect(input.readableBytes == 0)
        }
        return seen
    }

    private func events(_ bytes: [UInt8]) -> [Seen] { events([bytes]) }

    private static let conversation: [UInt8] =
        ClientFrame.text("hello") + ClientFrame.ping([1, 2, 3]) + ClientFrame.text("κόσ", isFinal: false)
        + ClientFrame.ping() + ClientFrame.continuation([], isFinal: false)
        + ClientFrame.continuation(Array("με".utf8), isFinal: true) + ClientFrame.frame(2, Array(0...200))
        + ClientFrame.frame(10, [7]) + ClientFrame.text("") + ClientFrame.close(1001, reason: Array("bye".utf8))

    private static let understood: [Seen] = [
        .text("hello"), .ping([1, 2, 3]), .ping([]), .text("κόσμε"), .binary(Array(0...200)), .pong, .text(""),
        .close(1001),
    ]

    @Test func understandsAConversationSplitAtEveryByte() {
        let bytes = Self.conversation
        for split in 0...bytes.count {
            #expect(events([Array(bytes[..<split]), Array(bytes[split...])]) == Self.understood, "split at \(split)")
        }
        #expect(events(bytes.map { [$0] }) == Self.understood)
    }

    @Test func splitsInTheMiddleOfAScalarAcrossFragments() {
        let euro = Array("€".utf8)
        let bytes =
            ClientFrame.frame(1, Array(euro[..<1]), isFinal: false)
            + ClientFrame.continuation(Array(euro[1...]), isFinal: true)
        #expect(events(bytes) == [.text("€")])
    }

    @Test func readsLongPayloadsOfEveryHeaderForm() {
        for count in [125, 126, 65535, 65536, 70_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(events(ClientFrame.frame(2, payload)) == [.binary(payload)])
        }
    }

    struct Wrong: CustomTestStringConvertible {
        var bytes: [UInt8]
        var violation: ProtocolViolation
        var testDescription: String { "\(violation.reason): \(bytes.prefix(12))" }
    }

    static let key: [UInt8] = [0, 0, 0, 0]
    static let wrong: [Wrong] = [
        .init(bytes: [0xC1, 0x80] + key, violation: .reservedBits),
        .init(bytes: [0xA1, 0x80] + key, violation: .reservedBits),
        .init(bytes: [0x91, 0x80] + key, violation: .reservedBits),
        .init(bytes: [0x83, 0x80] + key, violation: .reservedOpcode),
        .init(bytes: [0x8B, 0x80] + key, violation: .reservedOpcode),
        .init(bytes: [0x8F, 0x80] + key, violation: .reservedOpcode),
        .init(bytes: [0x81, 0x01, 0x41], violation: .unmasked),
        .init(bytes: [0x89, 0x00], violation: .unmasked),
        .init(bytes: [0x09, 0x80] + key, violation: .controlFragmented),
        .init(bytes: [0x88, 0xFE, 0, 126] + key, violation: .controlTooLong),
        .init(bytes: [0x81, 0xFE, 0, 125] + key, violation: .lengthNotMinimal),
        .init(bytes: [0x81, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF] + key, violation: .lengthNotMinimal),
        .init(bytes: [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0] + key, violation: .lengthNegative),
        .init(bytes: ClientFrame.continuation([], isFinal: true), violation: .nothingToContinue),
        .init(bytes: ClientFrame.text("a", isFinal: false) + ClientFrame.text("b"), violation: .messageNotFinished),
        .init(bytes: ClientFrame.frame(8, [3]), violation: .closeBody),
        .init(bytes: ClientFrame.close(1000, reason: [0xC3]), violation: .invalidUTF8),
        .init(bytes: ClientFrame.frame(1, [0xC3]), violation: .invalidUTF8),
        .init(
            bytes: ClientFrame.frame(1, [0xC3], isFinal: false) + ClientFrame.continuation([], isFinal: true),
            violation: .invalidUTF8),
        .init(bytes: [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0x11, 0x71] + key, violation: .messageTooBig),
        .init(
            bytes: ClientFrame.frame(2, Array(repeating: 1, count: 69_999), isFinal: false)
                + ClientFrame.continuation([1, 2], isFinal: true), violation: .messageTooBig),
        .init(
            bytes: ClientFrame.frame(2, [], isFinal: false)
                + Array(repeating: ClientFrame.continuation([], isFinal: false), count: 4).flatMap { $0 },
            violation: .tooManyFragments),
    ]

    @Test(arguments: wrong)
    func refusesAndThenProcessesNothing(_ wrong: Wrong) {
        #expect(events(wrong.bytes + ClientFrame.text("after")) == [.violation(wrong.violation)])
        #expect(events((wrong.bytes + ClientFrame.text("after")).map { [$0] }) == [.violation(wrong.violation)])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
    func refusesCloseCodes(_ code: UInt16) {
        #expect(events(ClientFrame.close(code)) == [.violation(.closeBody)])
    }

    @Test(arguments: [1000, 1003, 1007, 1014, 3000, 3999, 4000, 4999])
    func acceptsCloseCodes(_ code: UInt16) {
        #expect(events(ClientFrame.close(code)) == [.close(code)])
    }

    @Test func processesNothingAfterAClose() {
        #expect(events(ClientFrame.close(nil) + ClientFrame.text("after") + ClientFrame.close(1000)) == [.close(nil)])
    }

    @Test func refusesTextAtItsFirstWrongByte() {
        let frame = ClientFrame.frame(1, [0x41, 0xFF] + Array(repeating: 0x41, count: 1000))
        #expect(events(Array(frame[..<10])) == [.violation(.invalidUTF8)])
    }

    @Test func refusesATooLongMessageAtItsHeader() {
        #expect(
            events(Array(ClientFrame.frame(2, Array(repeating: 0, count: 70_001))[..<14])) == [
                .violation(.messageTooBig)
            ])
    }

    @Test func countsWhatIsUnfinishedAndLetsGoOfIt() {
        var assembler = MessageAssembler(limits: Self.limits)
        var scratch = ByteBuffer()
        #expect(!assembler.isMidway)
        let frame = ClientFrame.frame(2, Array(repeating: 9, count: 5000))
        var input = ByteBuffer(bytes: frame[..<4000])
        #expect(assembler.next(&input, scratch: &scratch) == nil)
        #expect(assembler.isMidway)
        #expect(assembler.unfinishedBytes >= 3992)
        input = ByteBuffer(bytes: frame[4000...])
        #expect(assembler.next(&input, scratch: &scratch).map(Seen.init) == .binary(Array(repeating: 9, count: 5000)))
        #expect(!assembler.isMidway)
        #expect(assembler.unfinishedBytes == 0)
    }

    @Test func aKeptMessageIsNotOverwrittenByTheNext() {
        var assembler = MessageAssembler(limits: Self.limits)
        var scratch = ByteBuffer()
        var input = ByteBuffer(bytes: ClientFrame.text("first") + ClientFrame.text("other"))
        let first = assembler.next(&input, scratch: &scratch)
        let second = assembler.next(&input, scratch: &scratch)
        #expect(first.map(Seen.init) == .text("first"))
        #expect(second.map(Seen.init) == .text("other"))
    }

    /// Valid frames with a few bytes damaged, in random pieces: whatever it is, it ends and stays within its limits.
    @Test func survivesRandomBytes() {
        var random = SeededGenerator.fresh()
        for _ in 0..<3000 {
            var bytes = Self.conversation
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            var chunks: [[UInt8]] = []
            while !bytes.isEmpty {
                let count = Int.random(in: 1...bytes.count, using: &random)
                chunks.append(Array(bytes[..<count]))
                bytes.removeFirst(count)
            }
            let whole = events(chunks.flatMap { $0 })
            #expect(events(chunks) == whole, "seed \(random.seed)")
        }
    }
}
