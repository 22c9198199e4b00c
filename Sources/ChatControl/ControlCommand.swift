public import ArgumentParser

/// `termchat-ctl`: inspects and steers the cluster over Redis alone.
public struct ControlCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "termchat-ctl", abstract: "Inspects and steers the cluster.",
        subcommands: [
            NodesCommand.self, RoomsCommand.self, MembersCommand.self, HistoryCommand.self, TailCommand.self,
            SendCommand.self, KickCommand.self, AnnounceCommand.self,
        ])

    public init() {}

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
