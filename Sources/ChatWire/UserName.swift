/// The name of a user: 1 to 32 letters, digits, `.`, `_` and `-` of any script, NFC.
public struct UserName: Hashable, Sendable, CustomStringConvertible {
    public let value: String

    /// - Throws: ``WireError`` `invalid_user`, with a message for the peer.
    public init(_ text: some StringProtocol) throws(WireError) {
        guard (1...Limits.userNameCharactersMax).contains(text.count), text.utf8.count <= Limits.userNameBytesMax else {
            throw WireError(.invalidUser, "A user's name is 1 to 32 letters, digits, '.', '_' and '-'.")
        }
        value = String(text)
    }

    public var description: String { value }
}
