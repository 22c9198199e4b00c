/// A header value of the form `value; name=token; name="quoted"`, as Content-Type and Content-Disposition have it.
///
/// Quoted strings are read as senders write them: a backslash escapes a quote or a backslash, and stands for itself
/// before anything else, because browsers send `C:\notes.txt` as it is (Go's `mime` reads them the same way).
struct HeaderParameters: Sendable, Equatable {
    /// Lower case.
    let value: String
    /// Lower-case names, each once; the bytes are what the sender meant, without quotes and escapes.
    let parameters: [String: [UInt8]]

    /// Parameters of one header; form data needs three.
    static let countMax = 16

    init(_ text: some Collection<UInt8>) throws(InputError) {
        var reader = Reader(rest: Array(text)[...])
        reader.skipBlanks()
        value = reader.take { $0 != ASCII.semicolon && !ASCII.isBlank($0) }.lowercasedText
        guard !value.isEmpty else { throw .malformed("a header has no value") }
        var parameters: [String: [UInt8]] = [:]
        while try reader.goToParameter() {
            let name = reader.take(while: ASCII.isToken).lowercasedText
            reader.skipBlanks()
            guard !name.isEmpty, reader.rest.popFirst() == ASCII.equals else {
                throw .malformed("write a header's parameters as name=value")
            }
            guard parameters.count < Self.countMax else { throw .tooLarge("a header has too many parameters") }
            let value = try reader.parameterValue()
            guard parameters.updateValue(value, forKey: name) == nil else {
                throw .malformed("a header names a parameter twice")
            }
        }
        self.parameters = parameters
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>

        mutating func skipBlanks() { rest = rest.drop(while: ASCII.isBlank) }

        mutating func take(while isMember: (UInt8) -> Bool) -> ArraySlice<UInt8> {
            let taken = rest.prefix(while: isMember)
            rest = rest[taken.endIndex...]
            return taken
        }

        /// Past the semicolons before the next parameter; false at the end.
        mutating func goToParameter() throws(InputError) -> Bool {
            skipBlanks()
            guard let next = rest.first else { return false }
            guard next == ASCII.semicolon else { throw .malformed("separate a header's parameters with ';'") }
            rest = rest.drop { ASCII.isBlank($0) || $0 == ASCII.semicolon }
            return !rest.isEmpty
        }

        mutating func parameterValue() throws(InputError) -> [UInt8] {
            skipBlanks()
            guard rest.first == ASCII.quote else {
                // Beyond tokens: old curl and some libraries do not quote what ought to be.
                let bytes = Array(take { $0 != ASCII.semicolon && !ASCII.isBlank($0) && $0 != ASCII.quote })
                guard !bytes.isEmpty else { throw .malformed("a header's parameter is empty") }
                return bytes
            }
            rest.removeFirst()
            var bytes: [UInt8] = []
            while let byte = rest.popFirst() {
                switch byte {
                case ASCII.quote:
                    return bytes
                case ASCII.backslash:
                    let isEscape = rest.first == ASCII.quote || rest.first == ASCII.backslash
                    bytes.append(isEscape ? rest.removeFirst() : byte)
                default:
                    bytes.append(byte)
                }
            }
            throw .malformed("a quoted string in a header has no end")
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate var lowercasedText: String { String(decoding: self, as: UTF8.self).lowercased() }
}
