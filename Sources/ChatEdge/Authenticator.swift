public import ChatIdentity
import ChatWire
import NIOCore

/// Says who a `hello` comes from: by token, or as a guest where the node lets guests in.
public struct Authenticator: Sendable {
    /// Why nobody was let in. Peers hear no more than this; the log has the cause.
    enum Refusal: Error {
        case unauthorized
        case expired
        case invalidUser(WireError)
        /// The user has as many connections as it may.
        case tooManySessions(retryAfter: TimeAmount)
    }

    /// Who it is, with its place among the user's connections, to be kept as long as the connection.
    struct Admission {
        var identity: Identity
        var place: Gatekeeper.Place?
    }

    private let verifier: TokenVerifier?
    /// Whether there are users with tokens beside guests.
    var knowsTokens: Bool { verifier != nil }
    private let allowsGuests: Bool
    /// Set by the edge that this is given to.
    var gatekeeper: Gatekeeper?

    /// - Parameters:
    ///   - verifier: nil where the node has no token key: a token is refused then.
    ///   - allowsGuests: whether a `hello` without a token is a guest.
    public init(verifier: TokenVerifier?, allowsGuests: Bool) {
        self.verifier = verifier
        self.allowsGuests = allowsGuests
    }

    /// - Parameters:
    ///   - isResume: a guest who resumes may leave its name out: the session has one.
    ///   - now: seconds since 1970.
    func admit(
        token: String?, user: String?, isResume: Bool, from peer: SocketAddress, now: Int
    ) throws(Refusal) -> Admission {
        let identity = try identify(token: token, user: user, isResume: isResume, from: peer, now: now)
        do throws(Gatekeeper.TooMuch) {
            return Admission(identity: identity, place: try gatekeeper?.signIn(identity))
        } catch {
            throw .tooManySessions(retryAfter: error.retryAfter)
        }
    }

    private func identify(
        token: String?, user: String?, isResume: Bool, from peer: SocketAddress, now: Int
    ) throws(Refusal) -> Identity {
        guard let token else { return try guest(user, isResume: isResume) }
        guard let verifier else { throw .unauthorized }
        do throws(TokenError) {
            let identity = try verifier.verify(token, now: now)
            gatekeeper?.accepted(from: peer)
            return identity
        } catch {
            gatekeeper?.refused(error, from: peer)
            throw error.code == .expired ? .expired : .unauthorized
        }
    }

    private func guest(_ name: String?, isResume: Bool) throws(Refusal) -> Identity {
        guard allowsGuests else { throw .unauthorized }
        do throws(WireError) {
            return .guest(try UserName(name ?? (isResume ? "guest" : "")))
        } catch { throw .invalidUser(error) }
    }
}
