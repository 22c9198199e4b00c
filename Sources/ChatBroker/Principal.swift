public import ChatWire

/// Whom something belongs to that outlives sessions: a user with a token, or whoever comes as a guest under a name. The
/// two are never the same, although a guest may take the name where the user is not.
public struct Principal: Sendable, Hashable, CustomStringConvertible {
    public var user: UserName
    /// The name was only claimed.
    public var isGuest: Bool

    public init(_ user: UserName, isGuest: Bool) {
        self.user = user
        self.isGuest = isGuest
    }

    /// Reads what ``description`` wrote; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let name = text.hasPrefix(Self.guestMark) ? text.dropFirst(Self.guestMark.count) : text[...]
        guard let user = try? UserName(name) else { return nil }
        self.init(user, isGuest: name.startIndex != text.startIndex)
    }

    /// The name, with a mark before a guest's that no name can begin with.
    public var description: String { isGuest ? Self.guestMark + user.value : user.value }

    private static let guestMark = "guest:"
}
