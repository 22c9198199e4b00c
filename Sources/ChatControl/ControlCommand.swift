public import ArgumentParser

/// `termchat-ctl`: inspects and steers the cluster over Redis alone.
public struct ControlCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "termchat-ctl", abstract: "Inspects and steers the cluster.",
        subcommands: [
            NodesCommand.self, RoomsCommand.self, MembersCommand.self, HistoryCommand.self, TailCommand.self,
            SendCommand.self, KickCommand.self,
        ])

    public init() {}
}
