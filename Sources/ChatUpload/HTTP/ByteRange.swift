/// What a Range header asks of a file (RFC 9110 section 14).
enum ByteRange: Sendable, Equatable {
    /// Everything, 200: no range, one that is not understood, or several, which a server may answer whole.
    case whole
    /// 206. Never empty.
    case part(Range<Int64>)
    /// 416, with `Content-Range: bytes */SIZE`.
    case unsatisfiable

    /// - Parameter header: the values of all Range lines; nil or empty where there is none.
    static func requested(_ header: String?, size: Int64) -> ByteRange {
        guard let header, let equals = header.utf8.firstIndex(of: ASCII.equals),
            ASCII.trimmed(header[..<equals]).lowercased() == "bytes"
        else { return .whole }
        let set = ASCII.trimmed(header[header.utf8.index(after: equals)...])
        guard let dash = set.utf8.firstIndex(of: ASCII.dash) else { return .whole }
        let first = set.utf8[..<dash]
        let last = set.utf8[set.utf8.index(after: dash)...]
        guard first.allSatisfy(ASCII.isDigit), last.allSatisfy(ASCII.isDigit) else { return .whole }
        switch (first.isEmpty, last.isEmpty) {
        case (true, true):
            return .whole
        case (true, false):
            return part(from: size - min(position(last), size), to: size, size: size)
        case (false, true):
            return part(from: position(first), to: size, size: size)
        case (false, false):
            let (from, through) = (position(first), position(last))
            guard from <= through else { return .whole }
            return part(from: from, to: through < size ? through + 1 : size, size: size)
        }
    }

    /// `Content-Range` of the answer; nil for 200.
    func contentRange(size: Int64) -> String? {
        switch self {
        case .whole: nil
        case .part(let range): "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
        case .unsatisfiable: "bytes */\(size)"
        }
    }

    private static func part(from: Int64, to: Int64, size: Int64) -> ByteRange {
        from < min(to, size) ? .part(from..<to) : .unsatisfiable
    }

    /// A number that is past any file stands for the largest there is.
    private static func position(_ digits: Substring.UTF8View) -> Int64 { ASCII.number(digits) ?? .max }
}
