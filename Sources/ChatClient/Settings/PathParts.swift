/// A path cut before its last name, as dirname(1) and basename(1) cut it.
///
/// `NSString.deletingLastPathComponent` ends the process on Linux where the path is a single character.
struct PathParts: Equatable, Sendable {
    /// `.` where the path has none.
    var folder: String
    var name: String

    init(_ path: String) {
        let names = path.split(separator: "/")
        let root = path.hasPrefix("/") ? "/" : ""
        name = names.last.map(String.init) ?? root
        let before = names.dropLast().joined(separator: "/")
        folder = before.isEmpty && root.isEmpty ? "." : root + before
    }
}
