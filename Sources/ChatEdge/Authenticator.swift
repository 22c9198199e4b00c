public import ChatIdentity
import ChatWire

/// Says who a `hello` comes from: by token, or as a guest where the node lets guests in.
public struct Authenticator: Sendable {
    /// Why nobody was let in. Peers hear no more than this; the log has the cause.
    enum Refusal: Error {
        case unauthorized
        case expired
        case invalidUser(WireError)
    }

    private let verifier: TokenVerifier?
    private let allowsGuests: Bool

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
    func identify(token: String?, user: String?, isResume: Bool, now: Int) throws(Refusal) -> Identity {
        guard let token else { return try guest(user, isResume: isResume) }
        guard let verifier else { throw .unauthorized }
        do throws(TokenError) {
            return try verifier.verify(token, now: now)
        } catch {
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
