import NIOCore

@testable import ChatUpload

/// A body as text or bytes, with what is read from it.
enum Multipart {
    static let boundary = "----WebKitFormBoundaryQ7aXb2"

    /// A part as it came out, its bytes joined.
    struct Part: Equatable {
        var header: MultipartPart
        var bytes: [UInt8] = []
        var isEnded = false

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// Feeds the chunks.
    /// - Returns: the parts of a body that is whole.
    static func read(_ chunks: [[UInt8]], boundary: String = boundary) throws -> [Part] {
        var parser = MultipartParser(try MultipartBoundary(boundary.utf8))
        var parts: [Part] = []
        var isFinished = false
        func take() throws {
            while let event = try parser.next() {
                switch event {
                case .began(let header):
                    guard parts.last?.isEnded != false else { throw Disorder() }
                    parts.append(Part(header: header))
                case .bytes(let buffer):
                    guard !parts.isEmpty, parts.last?.isEnded == false, buffer.readableBytes > 0 else {
                        throw Disorder()
                    }
                    parts[parts.count - 1].bytes += buffer.readableBytesView
                case .ended:
                    guard parts.last?.isEnded == false else { throw Disorder() }
                    parts[parts.count - 1].isEnded = true
                case .finished:
                    isFinished = true
                }
            }
        }
        for chunk in chunks {
            // Not at the begin of its memory, so that offsets from the wrong end are found.
            var buffer = ByteBuffer(string: "##")
            buffer.writeBytes(chunk)
            buffer.moveReaderIndex(forwardBy: 2)
            parser.received(buffer)
            try take()
            guard !isFinished else { throw Disorder() }
        }
        parser.receivedEnd()
        try take()
        guard isFinished, parts.allSatisfy(\.isEnded) else { throw Disorder() }
        return parts
    }

    static func read(_ body: String, boundary: String = boundary) throws -> [Part] {
        try read([Array(body.utf8)], boundary: boundary)
    }

    /// The error that ends the body; nil where it is whole.
    static func refusal(_ body: String, boundary: String = boundary) -> InputError? {
        do {
            _ = try read(body, boundary: boundary)
            return nil
        } catch {
            return error as? InputError
        }
    }

    /// A file part and a boundary around it.
    static func body(
        disposition: String = #"form-data; name="file"; filename="a.txt""#, more: String = "", data: String = "hello"
    ) -> String {
        "--\(boundary)\r\nContent-Disposition: \(disposition)\r\n\(more)\r\n\(data)\r\n--\(boundary)--\r\n"
    }

    struct Disorder: Error {}
}
