/// What the headers of one part of form data say (RFC 7578).
struct MultipartPart: Sendable, Equatable {
    var name: String
    /// As the sender wrote it, percent escapes of browsers resolved; ``FileName`` makes a name of it. Not nil: a file.
    var fileName: String?
    /// As the sender wrote it.
    var contentType: String?

    var isFile: Bool { fileName != nil }

    /// From the lines of the header, without their line breaks.
    init(lines: [[UInt8]]) throws(InputError) {
        var disposition: HeaderParameters?
        var contentType: [UInt8]?
        for line in lines {
            let (name, value) = try Self.field(line)
            switch name {
            case "content-disposition":
                guard disposition == nil else { throw .malformed("a part has two Content-Disposition") }
                disposition = try HeaderParameters(value)
            case "content-type":
                guard contentType == nil else { throw .malformed("a part has two Content-Type") }
                contentType = value
            case "content-transfer-encoding":
                // RFC 7578 section 4.7 has it deprecated; to store base64 as if it were the file would be worse.
                guard ["binary", "8bit", "7bit"].contains(try HeaderParameters(value).value) else {
                    throw .unsupported("send parts as they are, without Content-Transfer-Encoding")
                }
            default:
                continue
            }
        }
        guard let disposition else { throw .malformed("a part has no Content-Disposition") }
        try self.init(disposition)
        if let contentType {
            let type = try HeaderParameters(contentType).value
            guard !type.hasPrefix("multipart/") else { throw .unsupported("a part may not be multipart itself") }
            self.contentType = String(decoding: contentType, as: UTF8.self)
        }
    }

    private init(_ disposition: HeaderParameters) throws(InputError) {
        guard disposition.value == "form-data" else { throw .malformed("a part's Content-Disposition is form-data") }
        guard let name = disposition.parameters["name"] else { throw .malformed("a part has no name") }
        self.name = Self.unescaped(name)
        guard !self.name.isEmpty else { throw .malformed("a part has no name") }
        // RFC 2231's pieces; nobody sends them, and to pass over one would make a field of a file.
        guard !disposition.parameters.keys.contains(where: { $0.hasPrefix("filename*") && $0 != "filename*" }) else {
            throw .unsupported("write a file's name in one piece")
        }
        if let extended = disposition.parameters["filename*"] {
            fileName = try Self.extendedValue(extended)
        } else {
            fileName = disposition.parameters["filename"].map(Self.unescaped)
        }
    }

    private static func field(_ line: [UInt8]) throws(InputError) -> (name: String, value: [UInt8]) {
        guard let colon = line.firstIndex(of: ASCII.colon), colon > 0, line[..<colon].allSatisfy(ASCII.isToken) else {
            throw .malformed("write a part's header lines as Name: value")
        }
        let value = line[(colon + 1)...].drop(while: ASCII.isBlank)
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), Array(value))
    }

    /// The three escapes of the HTML standard; any other percent is a percent.
    private static func unescaped(_ bytes: [UInt8]) -> String {
        guard bytes.contains(ASCII.percent) else { return String(decoding: bytes, as: UTF8.self) }
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            if byte == ASCII.percent, let escaped = Self.escapedByte(rest.prefix(2)) {
                result.append(escaped)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func escapedByte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard let byte = Self.byte(digits) else { return nil }
        return byte == ASCII.quote || byte == ASCII.carriageReturn || byte == ASCII.lineFeed ? byte : nil
    }

    private static func byte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, let first = digits.first, let last = digits.last,
            let high = ASCII.hexValue(first), let low = ASCII.hexValue(last)
        else { return nil }
        return high << 4 | low
    }

    /// `UTF-8'language'percent-encoded` (RFC 8187 section 3.2).
    private static func extendedValue(_ bytes: [UInt8]) throws(InputError) -> String {
        let parts = bytes.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, String(decoding: parts[0], as: UTF8.self).lowercased() == "utf-8" else {
            throw .malformed("write filename* as UTF-8''name")
        }
        var result: [UInt8] = []
        var rest = parts[2]
        while let byte = rest.popFirst() {
            guard byte == ASCII.percent else {
                result.append(byte)
                continue
            }
            guard let escaped = Self.byte(rest.prefix(2)) else { throw .malformed("filename* has a broken escape") }
            result.append(escaped)
            rest = rest.dropFirst(2)
        }
        guard let text = String(validating: result, as: UTF8.self) else { throw .malformed("filename* is not UTF-8") }
        return text
    }
}
