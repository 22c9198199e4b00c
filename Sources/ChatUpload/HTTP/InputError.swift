/// What a peer wrote in a header or a body that cannot be taken, in words that say what to send instead.
///
/// The pure parsers of this folder throw nothing else; whoever answers the request maps ``Kind`` to a status.
struct InputError: Error, Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Not of the form that its specification gives: 400.
        case malformed
        /// Of the right form, but beyond a limit: 413.
        case tooLarge
        /// A form that exists and is not taken here: 415.
        case unsupported
    }

    var kind: Kind
    /// For the peer. Never quotes what it sent: the answer may end in a log or on a terminal.
    var message: String

    init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    static func malformed(_ message: String) -> InputError { InputError(.malformed, message) }
    static func tooLarge(_ message: String) -> InputError { InputError(.tooLarge, message) }
    static func unsupported(_ message: String) -> InputError { InputError(.unsupported, message) }
}
