import ArgumentParser
import ChatWire
import Foundation

/// `termchat download ROOM FILE`: fetches a file of a room.
struct Download: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download a file of a room.",
        discussion: """
            The file is NAME.….part until it is whole and its SHA-256 is right; the same command goes on with such a \
            part. A file that is there already is never overwritten: the new one becomes 'NAME (1)'.
            """)

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var transfer: TransferOptions

    @Argument(help: "The room.") var room: String

    @Argument(help: "The file's name, or its id. Of several with a name it is the newest.") var file: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Where to save it: a folder, or a path.", valueName: "path"),
        completion: .file())
    var output: String?

    func run() async throws {
        let room = try RoomName.argument(room)
        let server = try FileServer(try await connection.configuration())
        let lines = transfer.output()
        let display = transfer.display(lines)
        let run = DownloadRun(server: server, room: room, display: display, patience: transfer.patience)
        let (file, path) = (file, output)
        let saved = try await Interruption.ends(display) { try await run.run(file, output: path) }
        try await lines.print(transfer.json ? try JSONDocument.encode(saved) : saved.path)
    }
}
