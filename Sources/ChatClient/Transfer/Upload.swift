import ArgumentParser
import ChatWire
import Foundation

/// `termchat upload ROOM FILE…`: brings files into a room.
struct Upload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload files to a room.",
        discussion: """
            A transfer that is cut goes on by itself, and after a restart of the program where the same command is \
            given again. It is done when the server has said the SHA-256 of the file.
            """)

    @OptionGroup var connection: ConnectionOptions

    @OptionGroup var transfer: TransferOptions

    @Argument(help: "The room.") var room: String

    @Argument(help: "The files.", completion: .file()) var files: [String]

    func run() async throws {
        let room = try RoomName.argument(room)
        let server = try FileServer(try await connection.configuration())
        let output = transfer.output()
        let display = transfer.display(output)
        let status = try await Interruption.ends(display) { [self] in
            try await carryAll(to: room, server, output, display)
        }
        guard status == .done else { throw CommandFailure(status) }
    }

    /// One file after the other; one that fails does not keep the others back.
    /// - Returns: the first failure's status; what failed is said already.
    private func carryAll(
        to room: RoomName, _ server: FileServer, _ output: LineOutput, _ display: ProgressDisplay
    ) async throws -> ExitStatus {
        var status = ExitStatus.done
        for path in files {
            try Task.checkCancellation()
            do {
                let uploaded = try await carry(path, to: room, server, display)
                try await output.print(
                    transfer.json ? try JSONDocument.encode(uploaded) : "\(uploaded.file_id)  \(uploaded.filename)")
            } catch let error as CancellationError {
                throw error
            } catch {
                let failure = CommandFailure(error)
                await display.end()
                if let message = failure.message { await output.say("\(VisibleText(path).value): \(message)") }
                if status == .done { status = failure.status }
                // Who may not send one may not send the next.
                if failure.status == .notPermitted { break }
            }
        }
        return status
    }

    private func carry(
        _ path: String, to room: RoomName, _ server: FileServer, _ display: ProgressDisplay
    ) async throws -> UploadedFile {
        let file = try SourceFile(path: path)
        let key = TransferRecord.Key(
            server: server.address.description, room: room.value, user: server.user ?? "", file: file.identity)
        let record = TransferRecord(key, folder: StateFolder()?.path)
        return try await UploadRun(
            server: server, room: room, file: file, record: record, display: display, patience: transfer.patience
        ).run()
    }
}
