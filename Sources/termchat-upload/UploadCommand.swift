import ArgumentParser
import ChatUpload

/// `termchat-upload`: streams files to a shared volume and says so in their room.
@main
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "termchat-upload", abstract: "Streams files to a shared volume and says so in their room.")

    func run() async throws {}
}
