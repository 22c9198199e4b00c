import ChatClient
import Foundation

@main
struct Main {
    static func main() async {
        exit(await TermchatProgram.run(Array(CommandLine.arguments.dropFirst())))
    }
}
