/// Why a key file cannot be used, with what to do about it. Never shows a part of a key.
public struct KeyFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        case unreadable
        case empty
        case tooShort
        /// A private key where a public one belongs, or the other way round.
        case wrongKind
        case invalid
    }

    public var code: Code
    public var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
