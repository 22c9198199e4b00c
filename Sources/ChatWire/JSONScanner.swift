/// Reads JSON text (RFC 8259) in one pass without allocating: it says whether the text is valid and where its values lie.
///
/// Valid means the whole grammar: numbers, literals, escapes, UTF-8 without overlong forms or surrogates, nothing but
/// whitespace around the value. Nesting is bounded by ``Limits/jsonDepthMax``, so a peer cannot grow the stack.
/// The bytes must outlive the scanner; it never leaves the closure that lent them.
struct JSONScanner {
    /// The text ends, or goes on, where the grammar does not allow it; or it is nested too deeply.
    struct Malformed: Error {}

    let bytes: UnsafeRawBufferPointer
    var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// Reads the whole text as one object and hands over each member in turn: the name's token and the value's.
    /// Members that were handed over before an error are valid. The text of an ``Entry/tail`` has no opening brace.
    @inline(__always)
    mutating func readObject(
        isTail: Bool = false, _ member: (JSONToken, JSONToken) -> Void
    ) throws(Malformed) {
        skipWhitespace()
        if !isTail { try take(UInt8(ascii: "{")) }
        try scanMembers(depth: 0, member)
        skipWhitespace()
        guard position == bytes.count else { throw Malformed() }
    }

    /// Reads the whole text as one array and hands over each element's token in turn.
    mutating func readArray(_ element: (JSONToken) -> Void) throws(Malformed) {
        skipWhitespace()
        try take(UInt8(ascii: "["))
        try scanElements(depth: 0, element)
        skipWhitespace()
        guard position == bytes.count else { throw Malformed() }
    }

    /// What follows the opening brace, up to and with the closing one.
    @inline(__always)
    private mutating func scanMembers(depth: Int, _ member: (JSONToken, JSONToken) -> Void) throws(Malformed) {
        skipWhitespace()
        if takes(UInt8(ascii: "}")) { return }
        while true {
            skipWhitespace()
            guard next() == UInt8(ascii: "\"") else { throw Malformed() }
            let name = try scanString()
            skipWhitespace()
            try take(UInt8(ascii: ":"))
            skipWhitespace()
            let value = try scanValue(depth: depth)
            skipWhitespace()
            // Handed over behind its delimiter only: a number that was cut short would be another number.
            let isLast = !takes(UInt8(ascii: ","))
            if isLast { try take(UInt8(ascii: "}")) }
            member(name, value)
            if isLast { return }
        }
    }

    private mutating func scanElements(depth: Int, _ element: (JSONToken) -> Void) throws(Malformed) {
        skipWhitespace()
        if takes(UInt8(ascii: "]")) { return }
        while true {
            skipWhitespace()
            element(try scanValue(depth: depth))
            skipWhitespace()
            if takes(UInt8(ascii: ",")) { continue }
            return try take(UInt8(ascii: "]"))
        }
    }

    @inline(__always)
    private mutating func scanValue(depth: Int) throws(Malformed) -> JSONToken {
        guard let first = next() else { throw Malformed() }
        switch first {
        case UInt8(ascii: "\""): return try scanString()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try scanNumber()
        default: return try scanOther(depth: depth)
        }
    }

    private mutating func scanOther(depth: Int) throws(Malformed) -> JSONToken {
        switch next() {
        case UInt8(ascii: "t"): return try scanLiteral("true", .true)
        case UInt8(ascii: "f"): return try scanLiteral("false", .false)
        case UInt8(ascii: "n"): return try scanLiteral("null", .null)
        default: break
        }
        let start = position
        guard depth < Limits.jsonDepthMax else { throw Malformed() }
        if takes(UInt8(ascii: "{")) {
            try scanMembers(depth: depth + 1) { _, _ in }
            return JSONToken(.object, from: start, to: position)
        }
        try take(UInt8(ascii: "["))
        try scanElements(depth: depth + 1) { _ in }
        return JSONToken(.array, from: start, to: position)
    }

    private mutating func scanLiteral(_ literal: StaticString, _ kind: JSONToken.Kind) throws(Malformed) -> JSONToken {
        let end = position + literal.utf8CodeUnitCount
        guard end <= bytes.count, equals(position..<end, literal) else { throw Malformed() }
        defer { position = end }
        return JSONToken(kind, from: position, to: end)
    }

    /// RFC 8259 section 6: no leading zero, digits on both sides of the point, digits in the exponent.
    private mutating func scanNumber() throws(Malformed) -> JSONToken {
        let start = position
        _ = takes(UInt8(ascii: "-"))
        if !takes(UInt8(ascii: "0")) { try skipDigits() }
        if takes(UInt8(ascii: ".")) { try skipDigits() }
        if takes(UInt8(ascii: "e")) || takes(UInt8(ascii: "E")) {
            if !takes(UInt8(ascii: "+")) { _ = takes(UInt8(ascii: "-")) }
            try skipDigits()
        }
        return JSONToken(.number, from: start, to: position)
    }

    private mutating func skipDigits() throws(Malformed) {
        let start = position
        while let byte = next(), byte &- UInt8(ascii: "0") <= 9 { position += 1 }
        guard position > start else { throw Malformed() }
    }
}

extension JSONScanner {
    @inline(__always)
    func next() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    @inline(__always)
    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) throws(Malformed) {
        guard takes(byte) else { throw Malformed() }
    }

    @inline(__always)
    private mutating func takes(_ byte: UInt8) -> Bool {
        guard next() == byte else { return false }
        position += 1
        return true
    }

    /// Whether the bytes of `range` are `literal`; the length decides first, so most names cost one comparison.
    @inline(__always)
    func equals(_ range: Range<Int>, _ literal: StaticString) -> Bool {
        guard range.count == literal.utf8CodeUnitCount else { return false }
        var index = 0
        while index < literal.utf8CodeUnitCount {
            guard bytes[range.lowerBound &+ index] == literal.utf8Start[index] else { return false }
            index &+= 1
        }
        return true
    }
}
