import Logging

/// Builds one bounded line out of an event's fields.
struct LogLine {
    /// Bytes of a line, its end included. Not above PIPE_BUF (4096): a pipe that polls writable takes that many at once
    /// and unmixed with the lines of others.
    static let bytesMax = 4096
    /// Told in place of what did not fit.
    private static let cutKey = "cut"

    private let format: LogFormat
    private var text: String
    private var isCut = false

    init(format: LogFormat) {
        self.format = format
        text = format == .json ? "{" : ""
    }

    /// Adds a field; once one did not fit, the later ones are left out too.
    mutating func add(_ key: String, _ value: String) {
        guard !isCut else { return }
        let field = encoded(key, LogText.shortened(value))
        // Room for the mark of a cut, the closing brace and the line's end.
        if text.utf8.count + field.utf8.count + 24 <= Self.bytesMax {
            append(field)
        } else {
            isCut = true
            append(encoded(Self.cutKey, "true"))
        }
    }

    /// The whole line, its end included.
    func finished() -> String { text + (format == .json ? "}\n" : "\n") }

    private mutating func append(_ field: String) {
        let isFirst = text.utf8.count == (format == .json ? 1 : 0)
        if !isFirst { text += format == .json ? "," : " " }
        text += field
    }

    private func encoded(_ key: String, _ value: String) -> String {
        switch format {
        case .json:
            return "\"\(LogText.escaped(key, quote: "\""))\":\"\(LogText.escaped(value, quote: "\""))\""
        case .text:
            let isBare =
                !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !Self.quoting.contains($0) }
            return "\(Self.bareKey(key))=" + (isBare ? value : "\"\(LogText.escaped(value, quote: "\""))\"")
        }
    }

    private static let quoting: [UInt8] = Array("\"\\=".utf8)

    /// Keys are constants of the code; what could still split the line's syntax becomes `_`.
    private static func bareKey(_ key: String) -> String {
        String(
            decoding: key.utf8.map { $0 > 0x20 && $0 < 0x7f && !quoting.contains($0) ? $0 : UInt8(ascii: "_") },
            as: UTF8.self)
    }
}
