import ChatWire
import NIOCore

/// A frame's bytes behind others, so that a codec that takes offsets from the wrong end is found.
func frame(_ text: String) -> ByteBuffer { frame(Array(text.utf8)) }

func frame(_ bytes: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer(string: "{}\"")
    buffer.writeBytes(bytes)
    buffer.moveReaderIndex(forwardBy: 3)
    return buffer
}

/// The error that answers `text`, nil where it is a valid frame.
func refusal(_ text: String) -> ErrorFrame? { refusal(Array(text.utf8)) }

func refusal(_ bytes: [UInt8]) -> ErrorFrame? {
    do {
        _ = try ClientFrame.decode(frame(bytes))
        return nil
    } catch {
        return error
    }
}

/// The body of the `send` in `text`, as JSON text.
func bodyJSON(_ text: String) throws -> String? {
    guard case .send(let send) = try ClientFrame.decode(frame(text)) else { return nil }
    return String(buffer: send.bodyJSON)
}

/// Numbers that a seed repeats (SplitMix64), so that a failed run can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
