/// A configuration file as its entries, in their order: what ``ConfigParser`` reads and ``ClientSettings`` understands.
struct ConfigDocument: Equatable, Sendable {
    /// Where something stands in the file; both from 1.
    struct Place: Equatable, Sendable, CustomStringConvertible {
        var line: Int
        /// In characters.
        var column: Int
        var description: String { "line \(line), column \(column)" }
    }

    enum Value: Equatable, Sendable {
        case string(String)
        case boolean(Bool)
        case integer(Int)
        case strings([String])

        /// For messages.
        var kind: String {
            switch self {
            case .string: "a string"
            case .boolean: "true or false"
            case .integer: "a number"
            case .strings: "a list of strings"
            }
        }
    }

    struct Entry: Equatable, Sendable {
        /// The parts of the header above it; empty at the top.
        var table: [String]
        var key: String
        var value: Value
        var place: Place
    }

    struct Table: Equatable, Sendable {
        var path: [String]
        var place: Place
    }

    var entries: [Entry] = []
    var tables: [Table] = []
}

/// What is wrong in a configuration file, and where.
struct ConfigError: Error, Equatable, CustomStringConvertible {
    var place: ConfigDocument.Place
    var message: String
    var description: String { "\(place): \(message)" }
}
