/// What a file is, told from its first bytes alone: the sender's word decides nothing.
enum MediaType: String, Sendable, CaseIterable {
    case png = "image/png"
    case jpeg = "image/jpeg"
    case gif = "image/gif"
    case webp = "image/webp"
    case avif = "image/avif"
    case heic = "image/heic"
    case svg = "image/svg+xml"
    case pdf = "application/pdf"
    case zip = "application/zip"
    case gzip = "application/gzip"
    case mp4 = "video/mp4"
    case quickTime = "video/quicktime"
    case webm = "video/webm"
    case matroska = "video/x-matroska"
    case ogg = "application/ogg"
    case mp3 = "audio/mpeg"
    case m4a = "audio/mp4"
    case wav = "audio/wav"
    case html = "text/html"
    case xml = "text/xml"
    case text = "text/plain"
    case other = "application/octet-stream"

    /// Bytes of a file that are looked at.
    static let sniffBytes = 512

    /// What a browser may show in place, because it cannot run anything: pictures of pixels, and nothing else.
    var isInline: Bool {
        switch self {
        case .png, .jpeg, .gif, .webp: true
        case .avif, .heic, .svg, .pdf, .zip, .gzip, .mp4, .quickTime, .webm, .matroska, .ogg, .mp3, .m4a, .wav, .html,
            .xml, .text, .other:
            false
        }
    }

    /// - Parameter start: the begin of the file, the first ``sniffBytes`` of it or all where it is shorter.
    init(sniffing start: some Sequence<UInt8>) {
        let bytes = Array(start.prefix(Self.sniffBytes))
        self = Self.signature(bytes) ?? Self.container(bytes) ?? Self.markup(bytes) ?? Self.text(bytes)
    }

    private static func signature(_ bytes: [UInt8]) -> MediaType? {
        let signatures: [([UInt8], MediaType)] = [
            ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], .png),
            ([0xff, 0xd8, 0xff], .jpeg),
            (Array("GIF87a".utf8), .gif),
            (Array("GIF89a".utf8), .gif),
            (Array("%PDF-".utf8), .pdf),
            ([0x50, 0x4b, 0x03, 0x04], .zip),
            ([0x50, 0x4b, 0x05, 0x06], .zip),
            ([0x1f, 0x8b, 0x08], .gzip),
            (Array("OggS\0".utf8), .ogg),
            (Array("ID3".utf8), .mp3),
        ]
        if let found = signatures.first(where: { bytes.starts(with: $0.0) }) { return found.1 }
        return isMP3Frame(bytes) ? .mp3 : nil
    }

    /// The header of a frame of MPEG layer III with a bit rate and a sampling rate that exist.
    private static func isMP3Frame(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 4, bytes[0] == 0xff, bytes[1] & 0xe6 == 0xe2, bytes[1] & 0x18 != 0x08 else { return false }
        let bitRate = bytes[2] >> 4
        return bitRate != 0 && bitRate != 15 && bytes[2] & 0x0c != 0x0c
    }

    private static func container(_ bytes: [UInt8]) -> MediaType? {
        func text(at offset: Int) -> String? {
            bytes.count >= offset + 4 ? String(decoding: bytes[offset..<offset + 4], as: UTF8.self) : nil
        }
        switch (text(at: 0), text(at: 4), text(at: 8)) {
        case ("RIFF", _, "WEBP"): return .webp
        case ("RIFF", _, "WAVE"): return .wav
        case (_, "ftyp", let brand?): return isoBrand(brand)
        default: break
        }
        guard bytes.starts(with: [0x1a, 0x45, 0xdf, 0xa3]) else { return nil }
        // The document type stands in the EBML header, within its first few dozen bytes.
        let head = bytes.prefix(64)
        if contains(head, "webm") { return .webm }
        return contains(head, "matroska") ? .matroska : nil
    }

    private static func isoBrand(_ brand: String) -> MediaType {
        switch brand {
        case "avif", "avis": .avif
        case "heic", "heix", "heim", "heis", "mif1": .heic
        case "qt  ": .quickTime
        case "M4A ", "M4B ": .m4a
        default: .mp4
        }
    }

    /// Called what they are even where a browser would need persuasion, so that nothing shows them by mistake.
    private static func markup(_ bytes: [UInt8]) -> MediaType? {
        let start = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        let text = start.drop { [0x09, 0x0a, 0x0c, 0x0d, 0x20].contains($0) }
        guard text.first == UInt8(ascii: "<") else { return nil }
        let lower = text.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
        if contains(lower[...], "<svg") { return .svg }
        if contains(lower[...], "<html") || contains(lower[...], "<!doctype html") { return .html }
        if lower.starts(with: "<?xml".utf8) { return .xml }
        if lower.starts(with: "<!--".utf8) { return .html }
        let name = lower.dropFirst().prefix { ASCII.isAlphanumeric($0) }
        let rest = lower[name.endIndex...].first
        let isTag = rest.map { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "/") || $0 <= ASCII.space } ?? true
        return isTag && htmlTags.contains(String(decoding: name, as: UTF8.self)) ? .html : nil
    }

    /// Those of the MIME sniffing standard, and some more that run scripts.
    private static let htmlTags: Set<String> = [
        "a", "b", "body", "br", "div", "embed", "font", "form", "frameset", "h1", "head", "html", "iframe", "img",
        "link", "math", "meta", "object", "p", "script", "style", "table", "title", "video",
    ]
    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    private static func contains(_ bytes: ArraySlice<UInt8>, _ word: String) -> Bool {
        let word = Array(word.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: word) }
    }

    /// UTF-8 without controls; a sequence that the end of the sample cuts is taken as whole.
    private static func text(_ bytes: [UInt8]) -> MediaType {
        guard !bytes.isEmpty else { return .other }
        let allowed: [UInt8] = [0x09, 0x0a, 0x0c, 0x0d]
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || allowed.contains($0) }) else { return .other }
        let cuts = bytes.count == sniffBytes ? 0...3 : 0...0
        return cuts.contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil } ? .text : .other
    }
}
