import NIOCore

/// An object's members by name, for the decoders of clients: convenient rather than free of allocations.
///
/// A name that is asked for must not be there twice; names that nobody asks for are ignored.
struct JSONObject {
    let scanner: JSONScanner
    private var members: [(name: JSONToken, value: JSONToken)] = []

    /// Lends the object that `buffer` holds to `body`; it must not leave it.
    static func read<Value>(
        _ buffer: ByteBuffer, isTail: Bool = false, _ body: (JSONObject) throws(WireError) -> Value
    ) throws(WireError) -> Value {
        let result = buffer.withUnsafeReadableBytes { text in
            Result { () throws(WireError) in try body(try JSONObject(text, isTail: isTail)) }
        }
        return try result.get()
    }

    private init(_ text: UnsafeRawBufferPointer, isTail: Bool = false) throws(WireError) {
        scanner = JSONScanner(text)
        var reader = scanner
        var members: [(JSONToken, JSONToken)] = []
        do {
            try reader.readObject(isTail: isTail) { members.append(($0, $1)) }
        } catch {
            throw WireError(.invalidFrame, "The text is no JSON object.")
        }
        self.members = members
    }

    /// The member's value; ``JSONToken/absent`` where there is none.
    func token(_ name: StaticString) throws(WireError) -> JSONToken {
        var found = JSONToken.absent
        for member in members where scanner.matches(member.name, name) {
            guard found.kind == .absent else { throw Self.unexpected(name) }
            found = member.value
        }
        return found
    }

    /// Whether the member is there and not null.
    func has(_ name: StaticString) throws(WireError) -> Bool { !(try token(name).isMissing) }

    func string(_ name: StaticString) throws(WireError) -> String {
        let token = try token(name)
        guard token.kind == .string else { throw Self.unexpected(name) }
        return scanner.string(token)
    }

    /// A whole number that is not negative.
    func integer(_ name: StaticString) throws(WireError) -> Int {
        guard let value = Int(exactly: try unsigned(name)) else { throw Self.unexpected(name) }
        return value
    }

    func unsigned(_ name: StaticString) throws(WireError) -> UInt64 {
        guard let value = scanner.unsigned(try token(name)) else { throw Self.unexpected(name) }
        return value
    }

    func number(_ name: StaticString) throws(WireError) -> Double {
        let token = try token(name)
        guard token.kind == .number, let value = Double(scanner.json(token)), value.isFinite else {
            throw Self.unexpected(name)
        }
        return value
    }

    /// A `bool` that counts as false where it is not there.
    func flag(_ name: StaticString) throws(WireError) -> Bool { try has(name) ? try bool(name) : false }

    func bool(_ name: StaticString) throws(WireError) -> Bool {
        switch try token(name).kind {
        case .true: true
        case .false: false
        case .absent, .null, .number, .string, .object, .array: throw Self.unexpected(name)
        }
    }

    func position(_ name: StaticString) throws(WireError) -> Position {
        guard let position = Position(try string(name)) else { throw Self.unexpected(name) }
        return position
    }

    func room() throws(WireError) -> RoomName { try RoomName(try string("room")) }

    func ref() throws(WireError) -> Ref? {
        let token = try token("ref")
        if token.isMissing { return nil }
        guard token.kind == .number || token.kind == .string else { throw Self.unexpected("ref") }
        return Ref(validatedJSON: scanner.json(token))
    }

    func object(_ name: StaticString) throws(WireError) -> JSONObject {
        let token = try token(name)
        guard token.kind == .object else { throw Self.unexpected(name) }
        return try JSONObject(text(of: token))
    }

    /// The objects of an array, in order.
    func objects<Element>(
        _ name: StaticString, _ element: (JSONObject) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        try elements(name) { token, array throws(WireError) in
            try element(try JSONObject(UnsafeRawBufferPointer(rebasing: array[token.text])))
        }
    }

    /// The strings of an array, in order.
    func strings(_ name: StaticString) throws(WireError) -> [String] {
        try elements(name) { token, array throws(WireError) in
            guard token.kind == .string else { throw Self.unexpected(name) }
            return JSONScanner(array).string(token)
        }
    }

    private func elements<Element>(
        _ name: StaticString, _ element: (JSONToken, UnsafeRawBufferPointer) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let token = try token(name)
        guard token.kind == .array else { throw Self.unexpected(name) }
        let array = text(of: token)
        var reader = JSONScanner(array)
        var tokens: [JSONToken] = []
        do {
            try reader.readArray { tokens.append($0) }
        } catch {
            throw Self.unexpected(name)
        }
        var elements: [Element] = []
        elements.reserveCapacity(tokens.count)
        for token in tokens {
            elements.append(try element(token, array))
        }
        return elements
    }

    /// Writes a member as it was written, `"name":` and its text.
    func copy(_ name: StaticString, into buffer: inout ByteBuffer) throws(WireError) {
        let token = try token(name)
        guard !token.isMissing else { throw Self.unexpected(name) }
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
        buffer.writeBytes(text(of: token))
    }

    /// Writes the whole object as it came.
    func copyAll(into buffer: inout ByteBuffer) { buffer.writeBytes(scanner.bytes) }

    private func text(of token: JSONToken) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: scanner.bytes[token.text])
    }

    static func unexpected(_ name: StaticString) -> WireError {
        WireError(.invalidFrame, "'\(name)' is missing, there twice, or not what it should be.")
    }
}
