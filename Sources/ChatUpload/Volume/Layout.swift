/// Where everything lies on the volume (docs/architecture.md, "The volume").
enum Layout {
    /// Unfinished uploads, a folder for each.
    static let partial = "partial"
    /// Commits: records of files whose bytes are safe and whose line may not be in the room yet.
    static let done = "done"
    /// Records of finished files.
    static let files = "files"
    /// The bytes of each committed file under its id: a link to the blob, which by that counts its references.
    static let content = "content"
    /// Bytes by their hash, in folders of its first two digits.
    static let blobs = "blobs"
    /// Blobs that nobody refers to, on their way out.
    static let trash = "trash"
    /// Small files that are being written.
    static let temporary = "tmp"

    /// Says which volume this is; in an empty directory in its place there is none.
    static let marker = "volume-id"

    static let folders = [partial, done, files, content, blobs, trash, temporary]

    static func partial(_ id: UploadID) -> String { "\(partial)/\(id)" }
    /// What a resumable upload was created with.
    static func record(_ id: UploadID) -> String { "\(partial)/\(id)/record" }
    /// Whose limits an upload counts for that cannot be resumed.
    static func owner(_ id: UploadID) -> String { "\(partial)/\(id)/owner" }
    static func data(_ id: UploadID, _ claim: WriterClaim) -> String { "\(partial)/\(id)/\(claim.name)" }
    /// All bytes are there, and nobody writes any more.
    static func sealed(_ id: UploadID) -> String { "\(partial)/\(id)/sealed" }
    static func done(_ id: UploadID) -> String { "\(done)/\(id)" }
    static func file(_ id: UploadID) -> String { "\(files)/\(id)" }
    static func content(_ id: UploadID) -> String { "\(content)/\(id)" }
    static func blobFolder(_ hash: ContentHash) -> String { "\(blobs)/\(hash.value.prefix(2))" }
    static func blob(_ hash: ContentHash) -> String { "\(blobFolder(hash))/\(hash)" }
    static func trash(_ hash: ContentHash, _ number: UInt64) -> String { "\(trash)/\(hash)-\(number)" }
    static func temporary(_ number: UInt64) -> String { "\(temporary)/\(number)" }
}

/// An upload's id and, later, its file's: 26 characters of `0-9 a-z`, 130 random bits. Whoever knows it may go on with the upload.
struct UploadID: Hashable, Sendable, CustomStringConvertible {
    static let characters = 26
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    let value: String

    /// nil unless the text has the form of an id, so that it can be part of a path.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.characters, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        value = String(text)
    }

    static func random() -> UploadID {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<characters).map { _ in alphabet[Int(generator.next() & 31)] }
        return UploadID(unchecked: String(decoding: letters, as: UTF8.self))
    }

    private init(unchecked value: String) { self.value = value }
    var description: String { value }
}

/// A SHA-256 in lower-case hexadecimal.
struct ContentHash: Hashable, Sendable, CustomStringConvertible {
    let value: String

    /// Upper case is folded; nil unless the text is 64 hexadecimal digits.
    init?(_ text: some StringProtocol) {
        guard text.utf8.count == 64, text.utf8.allSatisfy(Self.isDigit) else { return nil }
        value = text.lowercased()
    }

    init(_ digest: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        value = String(
            decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    var description: String { value }
}

/// The right to write an upload's bytes, as the name of the file that holds them: `data-<turn>-<suffix>`.
///
/// Who wants to write renames the file to a claim of its own; the one before finds its name gone and stops. Turn 0 is the
/// file as it was created: whoever takes it is the first writer there ever was (docs/decisions/0022).
struct WriterClaim: Hashable, Sendable {
    var turn: Int
    var suffix: UInt64

    static let first = WriterClaim(turn: 0, suffix: 0)

    func next() -> WriterClaim { WriterClaim(turn: turn + 1, suffix: .random(in: .min ... .max)) }

    var name: String { "data-\(turn)-\(suffix)" }

    init(turn: Int, suffix: UInt64) {
        self.turn = turn
        self.suffix = suffix
    }

    init?(name: String) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "data", let turn = Int(parts[1]), let suffix = UInt64(parts[2]) else {
            return nil
        }
        self.init(turn: turn, suffix: suffix)
    }
}
