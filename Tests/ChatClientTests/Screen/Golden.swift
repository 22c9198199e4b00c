import Foundation
import TerminalUI
import Testing

@testable import ChatClient

/// Screens kept as text files. `TERMCHAT_GOLDENS=write` writes them anew, to be read before they are committed.
enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Goldens")

    static func expect(
        _ model: ChatModel, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let screen = ChatView.screen(of: model)
        let cursor = screen.cursor.map { "cursor \($0.column),\($0.row)" } ?? "no cursor"
        let text = (["\(screen.columns)x\(screen.rows) \(cursor)"] + screen.text).joined(separator: "\n") + "\n"
        let file = folder.appending(path: "\(name).txt")
        if ProcessInfo.processInfo.environment["TERMCHAT_GOLDENS"] == "write" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let kept = try String(contentsOf: file, encoding: .utf8)
        #expect(text == kept, "\(name):\n\(text)", sourceLocation: sourceLocation)
    }
}
