import Foundation

/// The package as files: what the tidy tests read.
enum Tree {
    struct File: Sendable {
        /// Below the package's root, with `/` between the parts.
        let path: String
        let text: String

        /// The first folder below `Sources` or `Tests`.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static let sources = swiftFiles(in: "Sources")
    static let tests = swiftFiles(in: "Tests")

    static func swiftFiles(in folder: String) -> [File] {
        files(in: folder).filter { $0.path.hasSuffix(".swift") }
    }

    /// Every text file below the folder, sorted by path.
    static func files(in folder: String) -> [File] {
        let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path)?.compactMap {
            $0 as? String
        }
        return (paths ?? []).sorted().compactMap { path in
            guard !path.hasPrefix("."), !path.contains("/.") else { return nil }
            return text(of: "\(folder)/\(path)").map { File(path: "\(folder)/\(path)", text: $0) }
        }
    }

    /// nil where there is no such file, or it is no text.
    static func text(of path: String) -> String? {
        try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }
}

extension StringProtocol {
    /// What each match of a pattern with one group captured, in order, each once.
    func captures(_ pattern: Regex<(Substring, Substring)>) -> [String] {
        var seen: Set<String> = []
        return Substring(self).matches(of: pattern).map { String($0.output.1) }.filter { seen.insert($0).inserted }
    }
}
