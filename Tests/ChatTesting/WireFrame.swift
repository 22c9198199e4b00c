import Foundation

/// A frame from an edge as a stranger's client reads it: every member the protocol names, each optional.
///
/// Foundation decodes it, not ChatWire, so that a mistake in our codec cannot cancel itself out.
public struct WireFrame: Decodable, Sendable {
    public var type: String
    public var ref: WireRef?
    public var room: String?
    public var user: String?
    public var session: String?
    public var node: String?

    public var resume: String?
    public var server: String?
    public var resumed: Bool?
    public var limits: Limits?
    public var pingIntervalMs: Int?

    public var position: String?
    public var messages: [WireEntry]?
    public var complete: Bool?
    public var more: Bool?
    public var members: [Member]?
    public var count: Int?
    public var rooms: [Room]?
    public var features: [String]?
    public var read: String?
    public var directs: [Direct]?
    public var guest: Bool?
    /// Of a `topic` frame its text, of a `joined` the whole.
    public var topic: Topic?

    public var id: String?
    public var prev: String?
    public var ts: UInt64?
    public var key: String?
    public var body: String?
    public var duplicate: Bool?
    public var file: File?

    public var joined: [Presence]?
    public var left: [Presence]?
    public var after: String?
    public var before: String?

    public var level: String?
    public var code: String?
    public var text: String?
    public var message: String?
    public var retryAfterMs: Int?
    public var reconnectAfterMs: Int?

    public struct File: Decodable, Sendable, Hashable {
        public var id: String
        public var name: String
        public var bytes: Int
        public var mediaType: String
        public var sha256: String
    }

    public struct Limits: Decodable, Sendable {
        public var frameBytes: Int
        public var bodyBytes: Int
        public var rooms: Int
        public var sendsPerSecond: Double
    }

    public struct Member: Decodable, Sendable, Hashable {
        public var user: String
        public var sessions: Int
        public var node: String
        public var since: UInt64
    }

    public struct Room: Decodable, Sendable, Hashable {
        public var room: String
        public var members: Int
        public var lastActivity: UInt64
    }

    public struct Direct: Decodable, Sendable, Hashable {
        public var room: String
        public var user: String
        public var guest: Bool?
        public var lastActivity: UInt64
    }

    public struct Topic: Decodable, Sendable, Hashable {
        public var topic: String
        public var user: String?
        public var ts: UInt64?

        private enum CodingKeys: String, CodingKey { case topic, user, ts }

        public init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                topic = text
                return
            }
            let members = try decoder.container(keyedBy: CodingKeys.self)
            topic = try members.decode(String.self, forKey: .topic)
            user = try members.decode(String.self, forKey: .user)
            ts = try members.decode(UInt64.self, forKey: .ts)
        }
    }

    public struct Presence: Decodable, Sendable, Hashable {
        public var user: String
        public var session: String
        public var node: String
        /// Of those who left only.
        public var reason: String?
    }

    /// Reads one text message.
    /// - Throws: Foundation's error where it is no JSON object of the protocol's types.
    public init(json: some Collection<UInt8>) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(WireFrame.self, from: Data(json))
    }

    /// What a live `message` or `file` frame carries; nil for other types.
    public var entry: WireEntry? {
        guard type == "message" || type == "file", let id, let prev else { return nil }
        return WireEntry(id: id, prev: prev, ts: ts, user: user, session: session, key: key, body: body)
    }
}

/// One entry of a room, from a live frame or a page.
public struct WireEntry: Decodable, Sendable, Hashable {
    public var id: String
    public var prev: String
    public var ts: UInt64?
    public var user: String?
    public var session: String?
    public var key: String?
    public var body: String?
}

/// What a client called its frame: a number or a text.
public enum WireRef: Decodable, Sendable, Hashable {
    case number(Double)
    case text(String)

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}

extension WireRef: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(stringLiteral value: String) { self = .text(value) }
}
