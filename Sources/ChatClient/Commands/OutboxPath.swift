import Foundation

/// Where the outbox of an owner at a server is kept: in the state folder of the XDG base directory specification.
enum OutboxPath {
    /// Nil without a home.
    static func path(
        server: ServerAddress, owner: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        let state: String
        if let folder = environment["XDG_STATE_HOME"], folder.hasPrefix("/") {
            state = folder
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            state = home + "/.local/state"
        } else {
            return nil
        }
        let place = "\(owner)@\(server.host)_\(server.port)".map { $0 == "/" || $0 == "\0" ? "_" : $0 }
        return "\(state)/termchat/outbox/\(String(place))"
    }
}
