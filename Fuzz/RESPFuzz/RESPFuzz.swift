import HiredisClient
import NIOCore

/// Feeds any bytes to the reader of Redis' replies, in pieces whose length the first byte gives. A crash is a finding, and so
/// is an outcome that depends on the pieces.
@main
enum RESPFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments) { data, size in
            let input = UnsafeRawBufferPointer(start: data, count: size)
            guard let pieceBytes = input.first.map({ Int($0) + 1 }) else { return 0 }
            let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
            let whole = RESPFuzz.read(bytes, pieceBytes: max(bytes.count, 1))
            let pieces = RESPFuzz.read(bytes, pieceBytes: pieceBytes)
            guard whole == pieces else { fatalError("\(whole) in one piece, \(pieces) in pieces of \(pieceBytes)") }
            return 0
        }
    }

    private struct Outcome: Equatable {
        var replies: [RESPValue] = []
        var messages: [ChannelMessage] = []
        var failure: String?
    }

    private static func read(_ bytes: UnsafeRawBufferPointer, pieceBytes: Int) -> Outcome {
        var limits = RedisLimits()
        limits.replyElementsMax = 4096
        let sink = ReplySink(limits: limits) { String(decoding: $0, as: UTF8.self) }
        var outcome = Outcome()
        do throws(RedisError) {
            var reader = try ReplyReader(sink: sink, limits: limits)
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + pieceBytes, bytes.count)])
                try reader.feed(piece, replies: &outcome.replies)
            }
        } catch {
            outcome.failure = error.message
        }
        outcome.messages = sink.takeMessages()
        return outcome
    }
}

/// libFuzzer's loop; the library without a `main` of its own is linked in.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
