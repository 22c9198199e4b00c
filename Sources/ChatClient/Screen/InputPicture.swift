import ChatWire
import TerminalUI

/// The input as it is drawn: a prompt, the typed text in rows, and where the cursor stands in them.
struct InputPicture {
    let prompt: String
    let promptColumns: Int
    /// Without the prompt.
    let rows: [String]
    /// Among ``rows``, the prompt not counted.
    let cursor: Screen.Place

    /// Below, the prompt is only its sign.
    static let titleFromColumns = 24

    init(_ model: ChatModel, columns: Int) {
        prompt = Self.prompt(model, columns: columns)
        promptColumns = TextWidth.of(prompt)
        let textColumns = max(1, columns - promptColumns)
        if let search = model.editor.reverseSearch {
            let match = Self.visible(search.match.map { $0.split(separator: "\n").joined(separator: " ") } ?? "")
            let cut = LogLayout.cut(match, columns: textColumns - 1, model.glyphs)
            rows = [cut]
            cursor = Screen.Place(column: TextWidth.of(cut), row: 0)
        } else {
            let typed = model.editor.layout(columns: textColumns)
            rows = typed.rows.isEmpty ? [""] : typed.rows
            cursor = typed.cursor
        }
    }

    /// Before the rows that follow the first.
    func continuation(_ glyphs: Glyphs) -> String {
        promptColumns < 2 ? "" : String(repeating: " ", count: promptColumns - 2) + "\(glyphs.continuation) "
    }

    private static func prompt(_ model: ChatModel, columns: Int) -> String {
        let sign = "\(model.glyphs.prompt) "
        if let search = model.editor.reverseSearch, columns >= titleFromColumns {
            let query = LogLayout.cut(visible(search.query), columns: columns / 4, model.glyphs)
            return search.match == nil && !search.query.isEmpty ? "nothing with '\(query)' " : "history '\(query)' "
        }
        guard columns >= titleFromColumns, let room = model.current.flatMap({ model.rooms[$0] }) else {
            return columns >= 4 ? sign : ""
        }
        return "\(LogLayout.cut(room.title, columns: columns / 3 - 2, model.glyphs)) \(sign)"
    }

    /// What was pasted may hold what VisibleText refuses; it keeps its columns, so that the cursor stands where it should.
    static func visible(_ row: String) -> String {
        if row.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) { return row }
        return row.reduce(into: "") { visible, cluster in
            let width = TextWidth.of(cluster)
            let filtered = VisibleText(String(cluster)).value
            if TextWidth.of(filtered) == width {
                visible += filtered
            } else if width > 0 {
                visible += "\u{fffd}" + String(repeating: " ", count: width - 1)
            }
        }
    }
}

extension ChatView {
    mutating func drawInput() {
        let area = layout.input
        let picture = input
        let first = max(0, min(picture.cursor.row - area.rows + 1, picture.rows.count - area.rows))
        for row in 0..<area.rows where first + row < picture.rows.count {
            let index = first + row
            let lead = index == 0 ? picture.prompt : picture.continuation(glyphs)
            let style = index == 0 ? theme.prompt : theme.dim
            let text = screen.put(lead, column: area.column, row: area.row + row, style: style)
            screen.put(InputPicture.visible(picture.rows[index]), column: text, row: area.row + row, style: theme.text)
        }
        let column = min(picture.promptColumns + picture.cursor.column, area.columns - 1)
        screen.cursor = Screen.Place(
            column: max(0, column), row: area.row + min(max(0, picture.cursor.row - first), area.rows - 1))
    }

    /// The candidates of a completion above the input, where the text that they replace begins.
    mutating func drawCompletion() {
        guard let completion = model.completion, !completion.candidates.isEmpty, let cursor = screen.cursor else {
            return
        }
        let bottom = layout.status ?? layout.input.row
        let height = min(completion.candidates.count, 8, bottom - (layout.topBar.map { $0 + 1 } ?? 0))
        guard height > 0 else { return }
        let selected = min(max(0, completion.selected), completion.candidates.count - 1)
        let first = max(0, min(selected - height / 2, completion.candidates.count - height))
        let shown = completion.candidates[first..<(first + height)].map { VisibleText($0).value }
        let width = min(screen.columns, 2 + max(4, min(40, shown.map { TextWidth.of($0) }.max() ?? 0)))
        let column = max(0, min(cursor.column - completion.length - 1, screen.columns - width))
        for (offset, candidate) in shown.enumerated() {
            let isSelected = first + offset == selected
            let style = isSelected ? theme.selected.with(.bold) : theme.bar
            let row = bottom - height + offset
            screen.fill(column: column, row: row, width: width, with: Cell(" ", style))
            let mark = isSelected ? glyphs.current : " "
            let text = mark + LogLayout.cut(candidate, columns: width - 2, glyphs)
            screen.put(text, column: column, row: row, style: style, limit: width)
        }
    }
}
