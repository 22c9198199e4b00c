/// The headers of tus 1.0.0 as numbers and choices. Each parser takes the header's value.
enum TusHeaders {
    static let version = "1.0.0"
    /// `Tus-Checksum-Algorithm`, the better one first.
    static let checksumAlgorithms = UploadChecksum.Algorithm.allCases.map(\.rawValue).joined(separator: ",")

    /// How long a new upload will be.
    enum Length: Sendable, Equatable {
        case known(Int64)
        /// Said with a later PATCH.
        case deferred
    }

    /// From `Upload-Length` and `Upload-Defer-Length`, one of which a creation has.
    static func creationLength(length: String?, deferLength: String?) throws(InputError) -> Length {
        switch (length, deferLength) {
        case (.some(let length), .none): return .known(try bytes(length, of: "Upload-Length"))
        case (.none, "1"): return .deferred
        case (.none, .some): throw .malformed("Upload-Defer-Length is 1")
        case (.none, .none): throw .malformed("send Upload-Length, or Upload-Defer-Length: 1")
        case (.some, .some): throw .malformed("send Upload-Length or Upload-Defer-Length, not both")
        }
    }

    static func offset(_ header: String?) throws(InputError) -> Int64 {
        guard let header else { throw .malformed("send Upload-Offset") }
        return try bytes(header, of: "Upload-Offset")
    }

    static func length(_ header: String) throws(InputError) -> Int64 { try bytes(header, of: "Upload-Length") }

    /// `Tus-Resumable`; every request but OPTIONS has it, and 412 answers another version.
    static func isSupported(version: String?) -> Bool { version.map(ASCII.trimmed) == Self.version }

    private static func bytes(_ header: String, of name: String) throws(InputError) -> Int64 {
        guard let number = ASCII.number(ASCII.trimmed(header).utf8) else {
            throw .malformed("\(name) is a number of bytes")
        }
        return number
    }
}
