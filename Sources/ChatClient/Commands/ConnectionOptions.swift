import ArgumentParser
import ChatWire
import Foundation

/// Which server, and as whom: the flags that every command has.
struct ConnectionOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server (TERMCHAT_SERVER).", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The name to use as a guest (TERMCHAT_USER; default: $USER).", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp("A token (TERMCHAT_TOKEN). Other users may see it in the process list.", valueName: "token"))
    var token: String?

    @Option(help: ArgumentHelp("A file with the token, readable by you alone (mode 0600).", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("Certificate authorities (PEM) to trust instead of the system's.", valueName: "file"))
    var caFile: String?

    static let defaultServer = "ws://127.0.0.1:8080"

    /// - Throws: ``CommandFailure`` with status usage.
    func configuration(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> ChatSession.Configuration {
        let url = server ?? environment["TERMCHAT_SERVER"] ?? Self.defaultServer
        guard let address = ServerAddress(url: url) else {
            throw CommandFailure(
                .usage, "'\(VisibleText(url).value)' is not a server; write ws://HOST:PORT or wss://HOST.")
        }
        var configuration = ChatSession.Configuration(
            server: address, user: try userName(environment), token: try secret(environment))
        configuration.certificateAuthority = caFile
        return configuration
    }

    private func userName(_ environment: [String: String]) throws -> String {
        if let name = user ?? environment["TERMCHAT_USER"] {
            do throws(WireError) { return try UserName(name).value } catch {
                throw CommandFailure(.usage, error.message)
            }
        }
        let system = Self.validName(from: environment["USER"] ?? "")
        return system.isEmpty ? "guest" : system
    }

    /// What of a system's user name is a valid name here.
    static func validName(from text: String) -> String {
        let kept = text.filter { $0.isLetter || $0.isNumber || ".-_".contains($0) }.prefix(Limits.userNameCharactersMax)
        return (try? UserName(kept))?.value ?? ""
    }

    private func secret(_ environment: [String: String]) throws -> String? {
        if let token { return token }
        if let tokenFile { return try Self.readToken(tokenFile) }
        return environment["TERMCHAT_TOKEN"]
    }

    /// Refuses a file that others may read: what they can read is no secret.
    static func readToken(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "Cannot read \(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CommandFailure(.usage, "\(path) can be read by others; run chmod 600 on it.")
        }
        var bytes = [UInt8](repeating: 0, count: Limits.tokenBytesMax + 2)
        let count = read(descriptor, &bytes, bytes.count)
        let token = String(decoding: bytes[..<max(0, count)], as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.count <= Limits.tokenBytesMax else {
            throw CommandFailure(.usage, "\(path) holds no token.")
        }
        return token
    }
}

extension RoomName {
    /// From an argument, with or without `#`.
    static func argument(_ text: String) throws -> RoomName {
        do throws(WireError) {
            return try RoomName(text.hasPrefix("#") ? String(text.dropFirst()) : text)
        } catch {
            throw CommandFailure(.usage, "'\(VisibleText(text).value)': \(error.message)")
        }
    }
}
