import ChatWire
import Foundation

/// `termchat/config.toml` in the configuration folder of the XDG base directory specification.
enum ConfigFile {
    /// Bytes of the file at most: a config is small, and whatever else lies there is not read into memory.
    static let bytesMax = 256 * 1024

    /// Nil without a home.
    static func path(environment: [String: String]) -> String? {
        XDGFolder.config.path(environment: environment).map { $0 + "/config.toml" }
    }

    /// - Returns: empty settings where there is no file.
    /// - Throws: ``CommandFailure`` with status usage, naming the file and the place.
    static func read(environment: [String: String]) throws -> ClientSettings {
        guard let path = path(environment: environment) else { return ClientSettings() }
        return try read(path: path)
    }

    static func read(path: String) throws -> ClientSettings {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if descriptor < 0, errno == ENOENT || errno == ENOTDIR { return ClientSettings() }
        guard descriptor >= 0 else {
            throw CommandFailure(.usage, "Cannot read \(path): \(String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let data: Data?
        do { data = try file.read(upToCount: bytesMax + 1) } catch {
            throw CommandFailure(.usage, "Cannot read \(path): \(error.localizedDescription)")
        }
        guard (data?.count ?? 0) <= bytesMax, let text = String(data: data ?? Data(), encoding: .utf8) else {
            throw CommandFailure(.usage, "\(path) is no UTF-8 text of at most \(bytesMax) bytes.")
        }
        do throws(ConfigError) {
            return try ClientSettings(try ConfigParser.parse(text))
        } catch {
            // A part of the file is in the message, whatever the file is.
            throw CommandFailure(.usage, VisibleText("\(path), \(error)").value)
        }
    }
}

/// The program's folders below those of the XDG base directory specification.
enum XDGFolder {
    case config, state

    private var variable: String {
        switch self {
        case .config: "XDG_CONFIG_HOME"
        case .state: "XDG_STATE_HOME"
        }
    }

    private var place: String {
        switch self {
        case .config: "/.config"
        case .state: "/.local/state"
        }
    }

    /// Nil without a home; a relative path in the variable counts as none, as the specification says.
    func path(environment: [String: String]) -> String? {
        if let folder = environment[variable], folder.hasPrefix("/") { return folder + "/termchat" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + place + "/termchat" }
        return nil
    }
}
