import NIOCore

@testable import WebSocketServer

/// Feeds any bytes to what reads a stranger's bytes before and after the upgrade: the frames of a client and the PROXY
/// header, in pieces whose length the first byte gives. A crash is a finding, and so is an outcome that depends on the
/// pieces or an unfinished message above its limit.
@main
enum WebSocketFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments) { data, size in
            let input = [UInt8](UnsafeRawBufferPointer(start: data, count: size))
            guard let pieceBytes = input.first.map({ Int($0) + 1 }) else { return 0 }
            let bytes = Array(input.dropFirst())
            WebSocketFuzz.compare(bytes, pieceBytes, WebSocketFuzz.events)
            WebSocketFuzz.compare(bytes, pieceBytes, WebSocketFuzz.proxyHeader)
            return 0
        }
    }

    private static func compare(_ bytes: [UInt8], _ pieceBytes: Int, _ read: ([ArraySlice<UInt8>]) -> [String]) {
        let (whole, pieces) = (read([bytes[...]]), read(cut(bytes, pieceBytes)))
        guard whole == pieces else { fatalError("\(whole) in one piece, \(pieces) in pieces of \(pieceBytes)") }
    }

    private static func cut(_ bytes: [UInt8], _ pieceBytes: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: bytes.count, by: pieceBytes).map { bytes[$0..<min($0 + pieceBytes, bytes.count)] }
    }

    private static func events(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        let limits = MessageAssembler.Limits(messageBytesMax: 512, fragmentsMax: 8)
        var assembler = MessageAssembler(limits: limits)
        var scratch = ByteBuffer()
        var found: [String] = []
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            while let event = assembler.next(&buffer, scratch: &scratch) { found.append(described(event)) }
            guard buffer.readableBytes == 0 else { fatalError("\(buffer.readableBytes) bytes left") }
        }
        return found
    }

    private static func described(_ event: MessageAssembler.Event) -> String {
        switch event {
        case .text(let text):
            guard String(validating: text.readableBytesView, as: UTF8.self) != nil else { fatalError("not UTF-8") }
            return "text \(Array(text.readableBytesView))"
        case .binary(let binary): return "binary \(Array(binary.readableBytesView))"
        case .ping(let payload): return "ping \(Array(payload.readableBytesView))"
        case .pong: return "pong"
        case .close(let code): return "close \(code?.rawValue ?? 0)"
        case .violation(let violation): return "violation \(violation)"
        }
    }

    /// What the bytes are once they are complete, and what is left of them.
    private static func proxyHeader(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var buffer = ByteBuffer()
        for (index, piece) in pieces.enumerated() {
            buffer.writeBytes(piece)
            do {
                guard let header = try ProxyHeader.read(from: &buffer) else { continue }
                let rest = pieces[(index + 1)...].reduce(buffer.readableBytes) { $0 + $1.count }
                return ["\(header)", "\(rest) bytes left"]
            } catch {
                return ["malformed"]
            }
        }
        return ["incomplete"]
    }
}

/// libFuzzer's loop; the library without a `main` of its own is linked in.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
