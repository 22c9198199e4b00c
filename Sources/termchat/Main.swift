import ChatClient
import Dispatch
import Foundation

@main
struct Main {
    /// Not `async`: what runs an asynchronous `main` opens descriptors before it.
    static func main() {
        TermchatProgram.openStandardDescriptors()
        Task { exit(await TermchatProgram.run(Array(CommandLine.arguments.dropFirst()))) }
        dispatchMain()
    }
}
