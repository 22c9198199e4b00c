import Foundation

/// The frames of the protocol, one method each; those that name a `ref` wait for the answer.
extension WireClient {
    /// Connects and signs in.
    public static func signIn(
        _ user: String, port: Int, resume: String? = nil, token: String? = nil, receiveBufferBytes: Int? = nil
    ) async throws -> (client: WireClient, welcome: WireFrame) {
        let client = try await connect(port: port, name: user, receiveBufferBytes: receiveBufferBytes)
        return (client, try await client.hello(user, resume: resume, token: token))
    }

    public func hello(_ user: String?, resume: String? = nil, token: String? = nil) async throws -> WireFrame {
        var frame: [String: any Sendable] = ["type": "hello", "client": "wire-client"]
        frame["user"] = user
        frame["resume"] = resume
        frame["token"] = token
        try send(frame)
        return try await expect("welcome")
    }

    /// Joins and answers with the `joined` frame.
    public func join(_ room: String, since: String? = nil, limit: Int? = nil) async throws -> WireFrame {
        var frame: [String: any Sendable] = ["type": "join", "room": room]
        frame["since"] = since
        frame["limit"] = limit
        return try await ask(frame, for: "joined")
    }

    public func leave(_ room: String) async throws -> WireFrame {
        try await ask(["type": "leave", "room": room], for: "left")
    }

    /// Sends a message and waits for its acknowledgement.
    public func say(_ body: String, in room: String, key: String = UUID().uuidString) async throws -> WireFrame {
        try await ask(["type": "send", "room": room, "key": key, "body": body], for: "ack")
    }

    /// Sends a message and does not wait; `ref` is the key.
    public func post(_ body: String, in room: String, key: String) throws {
        try send(["type": "send", "ref": key, "room": room, "key": key, "body": body])
    }

    public func history(
        _ room: String, after: String? = nil, before: String? = nil, limit: Int? = nil
    ) async throws -> WireFrame {
        var frame: [String: any Sendable] = ["type": "history", "room": room]
        frame["after"] = after
        frame["before"] = before
        frame["limit"] = limit
        return try await ask(frame, for: "history")
    }

    public func who(_ room: String) async throws -> WireFrame {
        try await ask(["type": "who", "room": room], for: "members")
    }

    /// Sends the frame with a `ref` of its own and takes the answer, which must be of `type`.
    public func ask(_ frame: [String: any Sendable], for type: String) async throws -> WireFrame {
        let answer = try await ask(frame)
        guard answer.type == type else {
            throw WireFailure(
                "\(name): expected `\(type)`, got \(answer.type) \(answer.code ?? "") \(answer.message ?? "")")
        }
        return answer
    }

    /// Sends the frame with a `ref` of its own and takes the answer, whatever it is.
    public func ask(_ frame: [String: any Sendable]) async throws -> WireFrame {
        let ref = UUID().uuidString
        try send(frame.merging(["ref": ref]) { $1 })
        return try await answer(to: .text(ref))
    }
}
