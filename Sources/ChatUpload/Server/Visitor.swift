import HTTPTypes
import ChatBroker
import ChatIdentity
import ChatWire
import Hummingbird

/// Who is let in: by token, or as a guest where the worker lets guests in.
public struct Doorkeeper: Sendable {
    private let verifier: TokenVerifier?
    private let allowsGuests: Bool

    /// - Parameters:
    ///   - verifier: nil where there is no token key: a token is refused then.
    ///   - allowsGuests: whether a request without a token is a guest's.
    public init(verifier: TokenVerifier?, allowsGuests: Bool) {
        self.verifier = verifier
        self.allowsGuests = allowsGuests
    }

    /// - Parameters:
    ///   - address: the client's, as text.
    ///   - now: seconds since 1970.
    func visitor(_ request: Request, from address: String, now: Int) throws -> Visitor {
        guard let header = request.headers[.authorization] else {
            guard allowsGuests else { throw Refusal.unauthorized }
            return .guest(address: address)
        }
        let words = header.split(separator: " ", maxSplits: 1)
        guard let verifier, words.count == 2, words[0].lowercased() == "bearer",
            let identity = try? verifier.verify(words[1].trimmingPrefix { $0 == " " }.description, now: now)
        else { throw Refusal.unauthorized }
        return .known(identity)
    }
}

/// Who makes a request.
enum Visitor: Sendable {
    case known(Identity)
    /// Says a name, if it uploads, and proves nothing.
    case guest(address: String)

    /// A direct room is not opened by rights, but by being one of its two. A guest proves no name, so that one of the two
    /// being a guest lets any guest in: such rooms are as private as guests' names are.
    func allows(_ action: RoomRights.Action, _ room: RoomName, in registry: Registry) async throws -> Bool {
        guard room.isDirect else { return allows(action, room) }
        guard let pair = try await registry.call({ $0.directPair(of: room) }) else { return false }
        return switch self {
        case .known(let identity): pair.contains(Principal(identity.user, isGuest: false))
        case .guest: pair.first.isGuest || pair.second.isGuest
        }
    }

    private func allows(_ action: RoomRights.Action, _ room: RoomName) -> Bool {
        switch self {
        case .known(let identity): identity.rights.allows(action, room)
        case .guest: true
        }
    }

    var isGuest: Bool {
        switch self {
        case .known: false
        case .guest: true
        }
    }

    /// Of a guest, whose limits are those of a name at an address.
    var address: String? {
        switch self {
        case .known: nil
        case .guest(let address): address
        }
    }

    func owner(_ user: UserName, bytes: Int) -> UploadOwner {
        UploadOwner(user: user.value, address: address, reserved: bytes)
    }

    /// Under which name it uploads.
    /// - Parameter claimed: counts for guests only.
    func user(claiming claimed: String?) throws -> UserName {
        switch self {
        case .known(let identity): return identity.user
        case .guest:
            guard let claimed, !claimed.isEmpty else { throw Refusal.invalid("A guest says its name as 'username'.") }
            return try UserName(claimed)
        }
    }

    /// Whether an unfinished upload is this one's: a guest's is whoever's who knows its id.
    func owns(_ record: UploadRecord) -> Bool {
        switch self {
        case .known(let identity): record.isGuest || identity.user.value == record.user
        case .guest: record.isGuest
        }
    }

    func mayDelete(_ file: StoredFile) -> Bool {
        switch self {
        case .known(let identity): identity.isOperator || (!file.isGuest && identity.user.value == file.user)
        case .guest: false
        }
    }
}
