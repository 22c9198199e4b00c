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
        // Words and not a path: `code --wait`, `vim -c …`. The shell outlives an interrupt that its editor does.
        let script = "trap : INT QUIT; \(words) \"$1\""
        guard await ForegroundProgram.run(["/bin/sh", "-c", script, "editor", path]),
            let bytes = FileManager.default.contents(atPath: path)
        else { return nil }
        let edited = String(decoding: bytes, as: UTF8.self)
        return edited.hasSuffix("\n") ? String(edited.dropLast()) : edited
    }
}

/// A program that has the terminal while it runs. It is in this program's process group: in one of its own it would be a
/// background job, which the first look at the keys stops, and Ctrl-Z would not reach the shell's `fg`.
enum ForegroundProgram {
    /// Returns when it has ended. Where the task is cancelled, it is told that its terminal hangs up.
    /// - Returns: whether it says that all went well.
    static func run(_ words: [String]) async -> Bool {
        guard let process = ChildProgram.start(words[0], words) else { return false }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: people edit for hours.
                Thread.detachNewThread {
                    var status: CInt = 0
                    while waitpid(process, &status, 0) < 0, errno == EINTR {}
                    continuation.resume(returning: status == 0)
                }
            }
        } onCancel: {
            for member in [process] + ProcessFamily.descendants(of: process) { kill(member, SIGHUP) }
        }
    }
}
