import ChatWire
import TerminalUI
import Testing

@testable import ChatClient

/// Every size that a terminal may have.
@Suite struct ChatViewSizeTests {
    private static let overlays: [Overlay] = [
        .help(scroll: 7), .goTo(query: "", selected: try? RoomName("ops")), .search(search),
        .paste("one\ntwo \u{1b}[31m\nthree"),
        .question("A file is on its way. Leave all the same?", .leave),
    ]

    private static var search: SearchState {
        var search = SearchState()
        search.query = "漢 or word"
        search.results = ViewSamples.crowded().rooms[room("deploy")]?.log.lines.reversed() ?? []
        search.selected = 9
        return search
    }

    /// The models that are drawn at each size in turn: not all at all sizes, which would take minutes.
    private static let models: [ChatModel] = {
        let crowded = ViewSamples.crowded()
        let lines = crowded.rooms[room("deploy")]?.log.lines ?? []
        var models = [ViewSamples.empty(columns: 1, rows: 1), ViewSamples.offline(), crowded]
        for line in [0, 9, 30, lines.count - 1] where line < lines.count {
            for row in [0, 3, 1000, -1] {
                var model = crowded
                model.update(room("deploy")) { $0.scroll = .at(lines[line].id, row: row) }
                models.append(model)
            }
        }
        for overlay in overlays {
            var model = crowded
            model.overlay = overlay
            models.append(model)
        }
        var completing = crowded
        completing.completion = CompletionState(candidates: (0..<30).map { "候補\($0)" }, selected: 29, length: 99)
        completing.hint = ChatModel.Hint(level: .warning, text: "no such 部屋")
        models.append(completing)
        return models
    }()

    @Test(arguments: 0..<10) func drawsEverySize(part: Int) {
        var number = part
        for columns in 1...130 where columns % 10 == part {
            for rows in 1...45 {
                number += 1
                let model = Self.models[number % Self.models.count].resized(columns, rows)
                expectWhole(ChatView.screen(of: model), columns, rows)
                guard number % 5 == 0, let shown = model.current.flatMap({ model.rooms[$0] }) else { continue }
                for steps in [-3, rows] {
                    _ = ChatView.window(of: shown, in: model).scrolled(shown.scroll, up: steps)
                }
            }
        }
    }

    @Test(arguments: [
        (1, 1), (2, 2), (3, 1), (1, 9), (9, 3), (20, 5), (33, 8), (60, 12), (61, 12), (88, 20), (130, 45),
    ])
    func drawsEveryModel(columns: Int, rows: Int) {
        for model in Self.models { expectWhole(ChatView.screen(of: model.resized(columns, rows)), columns, rows) }
    }

    private func expectWhole(_ screen: Screen, _ columns: Int, _ rows: Int) {
        #expect(screen.columns == columns && screen.rows == rows)
        if let cursor = screen.cursor {
            #expect(
                (0..<columns).contains(cursor.column) && (0..<rows).contains(cursor.row),
                "the cursor is at \(cursor) of \(columns)x\(rows)")
        }
        let broken = (0..<rows).filter { row in
            (0..<columns).reduce(0) { $0 + (screen[$1, row].cluster.map { TextWidth.of($0) } ?? 0) } != columns
        }
        #expect(broken.isEmpty, "rows \(broken) of \(columns)x\(rows) have another width")
    }
}
