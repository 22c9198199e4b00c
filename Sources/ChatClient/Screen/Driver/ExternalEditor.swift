import Foundation

/// `$VISUAL` or `$EDITOR` on a file of the user's own.
struct ExternalEditor: Sendable {
    /// Where the file is made; the system's folder for temporary files where there is none.
    let folder: String?

    /// Runs the editor in the terminal, which must not be read by anybody else meanwhile.
    /// - Returns: what it left, without the last newline; nil where it failed.
    func edit(_ text: String, environment: [String: String] = ProcessInfo.processInfo.environment) async -> String? {
        let words = environment["VISUAL"] ?? environment["EDITOR"] ?? "vi"
        guard let path = try? ScreenKeeper.temporaryFile(text, named: "message.txt", in: folder) else { return nil }
        defer { ScreenKeeper.removeTemporary(path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // Words and not a path: `code --wait`, `vim -c …`.
        process.arguments = ["-c", "\(words) \"$1\"", "editor", path]
        let status = await withCheckedContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch {
                process.terminationHandler = nil
                continuation.resume(returning: -1)
            }
        }
        guard status == 0, let bytes = FileManager.default.contents(atPath: path) else { return nil }
        let edited = String(decoding: bytes, as: UTF8.self)
        return edited.hasSuffix("\n") ? String(edited.dropLast()) : edited
    }
}
