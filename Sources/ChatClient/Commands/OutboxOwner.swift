import ChatWire

/// Whose outbox a file is, so that nobody's messages are sent under another name.
enum OutboxOwner {
    /// A part of the file's name. A token decides who one is, whatever name is asked for beside it.
    static func name(of configuration: ChatSession.Configuration) -> String {
        guard let token = configuration.token else { return configuration.user ?? "guest" }
        // Neither `:` nor `#` is in any user's name.
        if let subject = subject(of: token) { return "token:\(subject)" }
        // Tells the tokens of one user apart, and gives none of them away.
        return "token#\(String(StableHash.of(token), radix: 16))"
    }

    /// The `sub` of a JSON Web Token (RFC 7519, 4.1.2), unverified: the server checks it, here it only names a file.
    static func subject(of token: String) -> String? {
        Token.claims(of: token)?.sub.flatMap { try? UserName($0).value }
    }
}
