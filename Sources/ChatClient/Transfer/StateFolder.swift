import Foundation

/// The program's folder below the state folder of the XDG base directory specification.
enum StateFolder {
    /// Nil without a home.
    static func path(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        if let folder = environment["XDG_STATE_HOME"], folder.hasPrefix("/") { return folder + "/termchat" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/state/termchat" }
        return nil
    }
}
