import Foundation

/// What is to be said about the files that the client reads and keeps.
enum FileFindings {
    /// - Parameter error: why `config.toml` was refused.
    static func config(_ path: String?, error: String?) -> Finding {
        guard let path else {
            return Finding("config", .note, "none: HOME is not set, so nothing is read")
        }
        if let error { return Finding("config", .error, error, remedy: "docs/client.md lists the keys") }
        guard let mode = mode(of: path) else { return Finding("config", .ok, "no \(path): defaults") }
        // Whoever writes there chooses the server, and the command that is run for its token.
        guard mode & 0o022 == 0 else {
            return Finding("config", .error, "others can write \(path)", remedy: "chmod 600 \(path)")
        }
        return Finding("config", .ok, path)
    }

    static func state(_ folder: StateFolder?) -> Finding {
        guard let path = folder?.path else {
            return Finding(
                "state", .warning, "neither HOME nor XDG_STATE_HOME is set: unsent messages do not survive the program",
                remedy: "set HOME")
        }
        guard let mode = mode(of: path) else { return Finding("state", .ok, "no \(path) yet") }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            return Finding("state", .error, "\(path) cannot be written", remedy: "chmod 700 \(path), as its owner")
        }
        guard mode & 0o077 == 0 else {
            return Finding("state", .warning, "others can look into \(path)", remedy: "chmod 700 \(path)")
        }
        return Finding("state", .ok, path)
    }

    /// - Parameter token: nil for a guest.
    static func token(_ source: TokenSource, _ token: String?, now: Date) -> Finding {
        guard let token else { return Finding("token", .ok, source.words) }
        guard let left = Token.claims(of: token)?.secondsLeft(at: now) else {
            return Finding("token", .ok, "from \(source.words); it does not say when it expires")
        }
        if left <= 0 {
            return Finding(
                "token", .error, "from \(source.words), expired \(words(-left)) ago",
                remedy: "get a new one; 'termchat login' keeps it")
        }
        let isSoon = left < soonSeconds && source.renewal == nil
        return Finding(
            "token", isSoon ? .warning : .ok, "from \(source.words), expires in \(words(left))",
            remedy: isSoon ? "token-command in config.toml renews it by itself" : "")
    }

    /// The largest unit that it has at least two of.
    static func words(_ seconds: Double) -> String {
        let units: [(Double, String)] = [(86_400, "days"), (3600, "hours"), (60, "minutes")]
        guard seconds.isFinite, seconds < 1e12 else { return "ages" }
        for (length, name) in units where seconds >= 2 * length { return "\(Int(seconds / length)) \(name)" }
        return "\(Int(seconds)) seconds"
    }

    private static func mode(of path: String) -> mode_t? {
        var status = Glibc.stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// A session of an evening would outlive it.
    private static let soonSeconds = 3600.0
}
