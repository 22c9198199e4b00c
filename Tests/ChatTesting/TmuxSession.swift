import Foundation

/// A program in a real terminal: a tmux session of its own, typed into and looked at from outside.
public struct TmuxSession: Sendable {
    private let socket: String
    private let folder: String

    /// Runs `body` beside a shell command in a terminal of that size, and ends the terminal afterwards.
    /// - Parameters:
    ///   - command: for `sh`; when it ends, the screen stays to be looked at.
    ///   - environment: of the command, beside a home in `folder`.
    public static func with(
        _ command: String, folder: String, columns: Int = 100, rows: Int = 30, environment: [String: String] = [:],
        isolation: isolated (any Actor)? = #isolation, _ body: (TmuxSession) async throws -> Void
    ) async throws {
        // Short: the path of a socket has 107 bytes at most.
        let socket = "/tmp/tc-\(UInt32.random(in: .min ... .max))"
        let session = TmuxSession(socket: socket, folder: folder)
        let settings = socket + ".conf"
        // True colour and focus pass through; nothing is bound, so that every key is the program's.
        try Data(
            """
            set -g default-terminal "tmux-256color"
            set -ga terminal-overrides ",*:Tc"
            set -g remain-on-exit on
            set -g escape-time 0
            set -g status off
            set -g prefix None
            set -g focus-events on
            set -g history-limit 10000
            """.utf8
        ).write(to: URL(fileURLWithPath: settings))
        var environment = environment
        // How a program in a terminal crashes is a matter of tests; a sanitizer would take the signal.
        let signals = ["segv", "sigbus", "abort", "sigill", "sigtrap", "sigfpe"].map { "handle_\($0)=0" }
        for name in ["TSAN_OPTIONS", "ASAN_OPTIONS"] {
            let mine = ProcessInfo.processInfo.environment[name].map { [$0] } ?? []
            environment[name] = (mine + signals).joined(separator: " ")
        }
        let variables = environment.merging(["HOME": folder, "TMPDIR": folder]) { mine, _ in mine }
        let words = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\(quoted($0.value))" }
        do {
            try await session.tmux([
                "-f", settings, "new-session", "-d", "-x", "\(columns)", "-y", "\(rows)",
                "exec env \(words.joined(separator: " ")) sh -c \(quoted(command))",
            ])
            try await body(session)
        } catch {
            print("The terminal:\n\((try? await session.screen().joined(separator: "\n")) ?? "is gone")")
            await session.end(settings)
            throw error
        }
        await session.end(settings)
    }

    private func end(_ settings: String) async {
        _ = try? await tmux(["kill-server"])
        try? FileManager.default.removeItem(atPath: settings)
        try? FileManager.default.removeItem(atPath: socket)
    }

    /// Types text, each character for itself.
    public func type(_ text: String) async throws { try await tmux(["send-keys", "-l", "--", text]) }

    /// Presses keys by tmux's names: `Enter`, `M-Enter`, `C-x`, `PageUp`.
    public func press(_ keys: String...) async throws { try await tmux(["send-keys"] + keys) }

    /// Pastes text as a terminal does that was asked for brackets.
    public func paste(_ text: String) async throws {
        let path = "\(folder)/paste-\(UInt32.random(in: .min ... .max))"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try await tmux(["load-buffer", path])
        try await tmux(["paste-buffer", "-p", "-r"])
    }

    /// The rows as they are, without trailing blanks.
    public func screen() async throws -> [String] {
        let rows = try await tmux(["capture-pane", "-p"]).split(separator: "\n", omittingEmptySubsequences: false)
        return rows.map(String.init)
    }

    /// The same with its colours and attributes, as escape sequences.
    public func styledScreen() async throws -> String { try await tmux(["capture-pane", "-p", "-e"]) }

    public func resize(columns: Int, rows: Int) async throws {
        try await tmux(["resize-window", "-x", "\(columns)", "-y", "\(rows)"])
    }

    /// Closes the terminal, with the program in it.
    public func close() async throws { try await tmux(["kill-server"]) }

    /// A value of tmux's formats: `pane_dead`, `alternate_on`, `cursor_x`, `pane_pid`, `mouse_any_flag`.
    public func value(_ name: String) async throws -> String {
        try await tmux(["display-message", "-p", "#{\(name)}"]).trimmingCharacters(in: .newlines)
    }

    /// Waits until a row has the text.
    public func shows(
        _ text: String, within deadline: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        var rows: [String] = []
        do {
            try await eventually("the screen to show '\(text)'", within: deadline, file: file, line: line) {
                rows = try await screen()
                return rows.contains { $0.contains(text) }
            }
        } catch let failure as NotInTime {
            throw NotInTime(description: ([failure.description + ", which shows:"] + rows).joined(separator: "\n"))
        }
    }

    /// Waits until no row has it.
    public func hides(_ text: String, file: StaticString = #fileID, line: UInt = #line) async throws {
        try await eventually("the screen not to show '\(text)'", file: file, line: line) {
            try await !screen().contains { $0.contains(text) }
        }
    }

    /// Waits until the command has ended.
    public func ends(file: StaticString = #fileID, line: UInt = #line) async throws {
        try await eventually("the program to end", file: file, line: line) { try await value("pane_dead") == "1" }
    }

    @discardableResult
    private func tmux(_ words: [String]) async throws -> String {
        let result = try await ChildProcess.run("/usr/bin/tmux", ["-u", "-S", socket] + words, folder: folder)
        guard result.exit == .status(0) else { throw WireFailure("tmux \(words.first ?? ""): \(result.errors)") }
        return result.output
    }

    public static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
