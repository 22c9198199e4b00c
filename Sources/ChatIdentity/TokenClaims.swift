/// The claims of a token, as they stand in its payload. Members beside these are ignored.
public struct TokenClaims: Codable, Sendable, Equatable {
    /// The user's name.
    public var sub: String
    /// Seconds since 1970 from which the token is no longer valid.
    public var exp: Double
    /// Seconds since 1970 before which it is not valid yet.
    public var nbf: Double?
    /// For whom the token was made.
    public var aud: Audience?
    /// Who made it.
    public var iss: String?
    /// Absent: every room, reading and writing.
    public var rooms: RoomsClaim?
    /// May remove other people's files.
    public var `operator`: Bool?

    public init(
        sub: String, exp: Double, nbf: Double? = nil, aud: Audience? = nil, iss: String? = nil,
        rooms: RoomsClaim? = nil, operator: Bool? = nil
    ) {
        self.sub = sub
        self.exp = exp
        self.nbf = nbf
        self.aud = aud
        self.iss = iss
        self.rooms = rooms
        self.operator = `operator`
    }
}

/// One name or a list of them (RFC 7519 section 4.1.3).
public struct Audience: Codable, Sendable, Equatable {
    public var names: [String]

    public init(_ names: [String]) { self.names = names }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        names = if let one = try? container.decode(String.self) { [one] } else { try container.decode([String].self) }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if names.count == 1 { try container.encode(names[0]) } else { try container.encode(names) }
    }
}

/// `{"read": ["*"], "write": ["ops-*"]}`; a list of patterns means both.
public struct RoomsClaim: Codable, Sendable, Equatable {
    public var read: [String]
    public var write: [String]

    public init(read: [String] = [], write: [String] = []) {
        self.read = read
        self.write = write
    }

    private struct Member: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static let read = Member(stringValue: "read")
        static let write = Member(stringValue: "write")
    }

    public init(from decoder: any Decoder) throws {
        if let both = try? decoder.singleValueContainer().decode([String].self) {
            self.init(write: both)
            return
        }
        let container = try decoder.container(keyedBy: Member.self)
        // A misspelt member must not read as "no rooms named": whoever wrote it meant something.
        for key in container.allKeys where !["read", "write"].contains(key.stringValue) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: container, debugDescription: "'rooms' has members other than 'read' and 'write'")
        }
        self.init(
            read: try container.decodeIfPresent([String].self, forKey: .read) ?? [],
            write: try container.decodeIfPresent([String].self, forKey: .write) ?? [])
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Member.self)
        try container.encode(read, forKey: .read)
        try container.encode(write, forKey: .write)
    }
}
