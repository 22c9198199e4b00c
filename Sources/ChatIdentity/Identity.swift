public import ChatWire

/// Who a connection speaks for, what it may do, and until when.
public struct Identity: Sendable, Equatable {
    public var user: UserName
    public var rights: RoomRights
    /// Seconds since 1970 from which the identity no longer holds, the leeway included; nil for guests.
    public var expiresAt: Int?
    /// Whether the name was merely claimed, without a token.
    public var isGuest: Bool
    /// May remove other people's files.
    public var isOperator: Bool

    public init(
        user: UserName, rights: RoomRights, expiresAt: Int?, isGuest: Bool = false, isOperator: Bool = false
    ) {
        self.user = user
        self.rights = rights
        self.expiresAt = expiresAt
        self.isGuest = isGuest
        self.isOperator = isOperator
    }

    /// Someone who only said a name, where the operator allows that: every room, for as long as the connection lasts.
    public static func guest(_ user: UserName) -> Identity {
        Identity(user: user, rights: .everything, expiresAt: nil, isGuest: true)
    }
}
