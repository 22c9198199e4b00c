public import ArgumentParser
import ServerKit

/// `termchat-ctl`: inspects and steers the cluster over Redis alone.
public struct ControlCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "termchat-ctl", abstract: "Inspects and steers the cluster.", version: ServerVersion.text,
        subcommands: [
            NodesCommand.self, RoomsCommand.self, MembersCommand.self, HistoryCommand.self, TailCommand.self,
            SendCommand.self, KickCommand.self, AnnounceCommand.self, DrainCommand.self,
        ])

    public init() {}

    /// Tells a wrong flag or argument as the document that `--json` promises; everything else of the parser's is left to
    /// ``CommandMain``.
    /// - Returns: whether it was told, so that the process ends with ``ExitStatus/usage``.
    public static func toldUsage(_ arguments: [String]) -> Bool {
        guard arguments.prefix(while: { $0 != "--" }).contains("--json") else { return false }
        do { _ = try parseAsRoot(known(arguments)) } catch {
            guard exitCode(for: error) == .validationFailure else { return false }
            ErrorReport.tell(ProcessFailure(.usage, message(for: error)), asJSON: true)
            return true
        }
        return false
    }

    /// The arguments, or of an unknown command its name alone: without the command the parser knows no flag, and would
    /// complain of the first one instead.
    public static func known(_ arguments: [String]) -> [String] {
        guard let first = arguments.first, !first.hasPrefix("-"), first != "help" else { return arguments }
        let names = configuration.subcommands.flatMap {
            [$0.configuration.commandName ?? ""] + $0.configuration.aliases
        }
        return names.contains(first) ? arguments : [first]
    }

    /// The arguments with `--redis URL` and `--json` moved behind the subcommand, where its parser looks for them: people
    /// write them on either side.
    public static func normalised(_ arguments: [String]) -> [String] {
        var (rest, moved) = (arguments[...], [String]())
        while let first = rest.first, first == "--json" || first == "--redis" || first.hasPrefix("--redis=") {
            moved.append(rest.removeFirst())
            if first == "--redis", let url = rest.popFirst() { moved.append(url) }
        }
        guard let subcommand = rest.popFirst() else { return arguments }
        return [subcommand] + moved + rest
    }
}
