import ChatBroker
import ChatCore
import ChatWire
import NIOCore

/// Values that the suites share.
func position(_ number: Int) -> Position { Position(milliseconds: UInt64(number), sequence: 0) }

func entry(_ number: Int, after previous: Int) -> Entry {
    Entry(
        kind: .message, id: position(number), previous: position(previous),
        tail: ByteBuffer(string: #""user":"ada","key":"\#(number)","body":"x"}"#))
}

/// Entries whose ids are the numbers, each after the one before it.
func chain(_ numbers: ClosedRange<Int>) -> [Entry] { numbers.map { entry($0, after: $0 - 1) } }

func page(_ entries: [Entry], more: Bool = false, complete: Bool = true, last: Int? = nil) -> HistoryPage {
    HistoryPage(
        entries: entries, more: more, isComplete: complete, last: last.map(position) ?? entries.last?.id ?? .zero)
}

/// A small generator whose seed a failing test prints (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func room(_ name: String = "lobby") throws -> RoomName { try RoomName(name) }

func session(_ name: String) throws -> SessionID {
    guard let session = SessionID(name) else { throw WireError(.internal, "no session id: \(name)") }
    return session
}

func node(_ name: String) throws -> NodeID {
    guard let node = NodeID("\(name)~1") else { throw WireError(.internal, "no node id: \(name)") }
    return node
}

let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
