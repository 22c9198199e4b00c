/// Earlier inputs, oldest first, without repetitions in a row.
public struct InputHistory: Sendable, Equatable {
    public private(set) var entries: [String]
    /// The oldest are dropped above it, and above ``InputLimits/historyBytesMax``.
    public let limit: Int
    private var bytes: Int

    public init(_ entries: [String] = [], limit: Int = 1000) {
        self.limit = max(0, limit)
        self.entries = entries.suffix(self.limit)
        bytes = self.entries.reduce(0) { $0 + $1.utf8.count }
        dropOldest()
    }

    /// Takes an input, unless it is blank or the same as the last one.
    /// - Returns: whether it was taken, and so belongs into the file.
    @discardableResult
    public mutating func add(_ entry: String) -> Bool {
        guard !entry.allSatisfy(\.isWhitespace), entry != entries.last else { return false }
        entries.append(entry)
        bytes += entry.utf8.count
        dropOldest()
        return true
    }

    private mutating func dropOldest() {
        var dropped = 0
        while entries.count - dropped > limit || (bytes > InputLimits.historyBytesMax && dropped < entries.count) {
            bytes -= entries[dropped].utf8.count
            dropped += 1
        }
        entries.removeFirst(dropped)
    }
}

// MARK: The file

/// One entry to a line, so that an entry is added by appending a line: `\n`, `\r`, `\t` and `\\` as in C, other controls
/// as `\u{1B}`, so that the file can be looked at.
extension InputHistory {
    /// Takes what can be read: a line that another program broke stands as it is, an empty one is nothing.
    public init(fileContents: String, limit: Int = 1000) {
        // Split at LF only, scalar by scalar: CR LF is one cluster.
        let lines = fileContents.unicodeScalars.split(separator: "\n").suffix(max(0, limit))
        self.init(limit: limit)
        for line in lines { add(Self.entry(ofLine: Substring(line))) }
    }

    /// The whole file, for when it has grown to many times ``limit``.
    public var fileContents: String { entries.map(Self.line).joined() }

    /// What to append to the file for an entry that ``add(_:)`` took, with its newline.
    public static func line(_ entry: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in entry.unicodeScalars {
            switch scalar {
            case "\n": line.append(contentsOf: #"\n"#.unicodeScalars)
            case "\r": line.append(contentsOf: #"\r"#.unicodeScalars)
            case "\t": line.append(contentsOf: #"\t"#.unicodeScalars)
            case "\\": line.append(contentsOf: #"\\"#.unicodeScalars)
            case _ where scalar.properties.generalCategory == .control:
                line.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".unicodeScalars)
            default: line.append(scalar)
            }
        }
        line.append("\n")
        return String(line)
    }

    private static func entry(ofLine line: Substring) -> String {
        var entry = String.UnicodeScalarView()
        var rest = line.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                entry.append(scalar)
                continue
            }
            let (meant, length) = escaped(rest) ?? ("\\", 0)
            entry.append(meant)
            rest = rest.dropFirst(length)
        }
        return String(entry)
    }

    /// What stands behind a backslash, and how many scalars of it; nil where it is no escape.
    private static func escaped(_ rest: Substring.UnicodeScalarView) -> (Unicode.Scalar, length: Int)? {
        switch rest.first {
        case "n": return ("\n", 1)
        case "r": return ("\r", 1)
        case "t": return ("\t", 1)
        case "\\": return ("\\", 1)
        case "u":
            let digits = rest.dropFirst(2).prefix(6).prefix { $0 != "}" }
            let close = rest.dropFirst(2 + digits.count).first
            guard rest.dropFirst().first == "{", close == "}",
                let scalar = UInt32(String(digits), radix: 16).flatMap(Unicode.Scalar.init)
            else { return nil }
            return (scalar, 3 + digits.count)
        default: return nil
        }
    }
}
