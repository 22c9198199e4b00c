import ChatWire
import NIOCore

@testable import ChatUpload

/// Feeds any bytes to the reader of multipart bodies, in pieces whose length the first byte gives, and to what reads the
/// headers of an upload. A crash is a finding, and so is an outcome that depends on the pieces.
@main
enum MultipartFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments) { data, size in
            let input = UnsafeRawBufferPointer(start: data, count: size)
            guard let pieceBytes = input.first.map({ Int($0) + 1 }) else { return 0 }
            let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
            MultipartFuzz.checkBody(bytes, pieceBytes: pieceBytes)
            MultipartFuzz.checkHeaders(String(decoding: bytes, as: UTF8.self))
            return 0
        }
    }

    private static func checkBody(_ bytes: UnsafeRawBufferPointer, pieceBytes: Int) {
        guard let boundary = try? MultipartBoundary("fuzz".utf8) else { return }
        let whole = read(bytes, boundary, pieceBytes: max(bytes.count, 1))
        let pieces = read(bytes, boundary, pieceBytes: pieceBytes)
        guard whole == pieces else { fatalError("\(whole) in one piece, \(pieces) in pieces of \(pieceBytes)") }
        guard whole.parts.reduce(0, { $0 + $1.bytes.count }) <= bytes.count else { fatalError("more than was sent") }
    }

    fileprivate struct Outcome: Equatable {
        struct Part: Equatable {
            var header: MultipartPart
            var bytes: [UInt8] = []
        }
        var parts: [Part] = []
        var failure: InputError?
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ boundary: MultipartBoundary, pieceBytes: Int
    ) -> Outcome {
        var outcome = Outcome()
        var parser = MultipartParser(boundary)
        do throws(InputError) {
            for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                parser.received(ByteBuffer(bytes: bytes[start..<min(start + pieceBytes, bytes.count)]))
                while let event = try parser.next() { outcome.take(event) }
            }
            parser.receivedEnd()
            while let event = try parser.next() { outcome.take(event) }
        } catch {
            outcome.failure = error
        }
        return outcome
    }

    private static func checkHeaders(_ text: String) {
        _ = try? MultipartBoundary(contentType: text)
        _ = try? UploadMetadata(text)
        _ = try? UploadChecksum(text)
        _ = try? TusHeaders.length(text)
        _ = MediaType(sniffing: text.utf8)
        _ = Conditionals(ifMatch: text, ifNoneMatch: text, ifRange: text)
            .outcome(for: EntityTag(strong: "x"), isRead: true)
        if case .part(let range) = ByteRange.requested(text, size: 100) {
            guard range.lowerBound >= 0, range.upperBound <= 100 else { fatalError("outside of the file: \(range)") }
        }
        let name = FileName(text)
        guard (1...FileName.bytesMax).contains(name.value.utf8.count), !name.value.contains("/") else {
            fatalError("no name: \(name)")
        }
        let header = ContentDisposition(kind: .attachment, name: name).description
        guard header.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { fatalError("no header: \(header)") }
    }
}

extension MultipartFuzz.Outcome {
    fileprivate mutating func take(_ event: MultipartParser.Event) {
        switch event {
        case .began(let header): parts.append(Part(header: header))
        case .bytes(let buffer): parts[parts.count - 1].bytes += buffer.readableBytesView
        case .ended, .finished: break
        }
    }
}

/// libFuzzer's loop; the library without a `main` of its own is linked in.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
