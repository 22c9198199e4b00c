import Foundation

/// What was typed and sent, oldest first, kept between runs: one JSON string a line, so that an input of several lines
/// is one entry. Appended to while the client runs, so that two clients at once lose nothing; written anew when it is
/// twice as long as what is kept of it.
struct InputHistoryFile: Sendable {
    let path: String

    /// Entries that a run begins with.
    static let entriesMax = 1000
    /// Bytes of one entry; a longer one is not kept.
    static let entryBytesMax = 16 * 1024
    /// Bytes of the file above which it is written anew.
    static let fileBytesMax = 1 << 20

    /// Lines that are no JSON string, the end of one that a crash cut off among them, are left out.
    func load() throws -> [String] {
        // What other clients append meanwhile may take it past its mark.
        let bytes = try AtomicFile.read(path, bytesMax: 16 * Self.fileBytesMax) ?? []
        let entries = Self.decode(bytes)
        if bytes.count > Self.fileBytesMax { try AtomicFile.write(Self.encode(entries), to: path) }
        return entries
    }

    /// Without a sync: what a crash of the machine takes is worth little.
    func append(_ entry: String) throws {
        guard !entry.isEmpty, entry.utf8.count <= Self.entryBytesMax else { return }
        try AtomicFile.makeFolder(of: path)
        let descriptor = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateError("open", path) }
        defer { close(descriptor) }
        fchmod(descriptor, 0o600)
        // Another's line may have been cut off; a line of one write is whole.
        let line = [UInt8(ascii: "\n")] + Self.encode([entry])
        let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == line.count else { throw StateError("write", path) }
    }

    static func encode(_ entries: [String]) -> [UInt8] {
        entries.flatMap { entry -> [UInt8] in
            guard let json = try? JSONEncoder().encode(entry) else { return [] }
            return Array(json) + [UInt8(ascii: "\n")]
        }
    }

    static func decode(_ bytes: [UInt8]) -> [String] {
        var entries: [String] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")).suffix(2 * entriesMax) {
            guard let entry = try? JSONDecoder().decode(String.self, from: Data(line)) else { continue }
            if entry != entries.last { entries.append(entry) }
        }
        return entries.suffix(entriesMax)
    }
}
