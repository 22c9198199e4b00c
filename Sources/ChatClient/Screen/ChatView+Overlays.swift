import ChatWire
import TerminalUI

/// What lies over the log: help, lists and questions.
extension ChatView {
    mutating func draw(_ overlay: Overlay) {
        switch overlay {
        case .help(let scroll): drawHelp(scroll)
        case .goTo(let query, let selected): drawGoTo(query, selected: selected)
        case .search(let search): draw(search)
        case .paste(let text): drawPaste(text)
        case .question(let text, let question): draw(question, text)
        }
    }

    /// Where an overlay is: in the middle of what is above the status bar, or all of that.
    private struct Box {
        var outer: ScreenLayout.Area
        /// Without the frame, which a tiny screen has no room for.
        var inner: ScreenLayout.Area
        var isFramed: Bool

        /// - Parameters: what the content takes; nil: as much as there is.
        init(_ layout: ScreenLayout, columns: Int? = nil, rows: Int? = nil) {
            let body = layout.log.rows >= 6 ? layout.log.row..<layout.log.endRow : 0..<max(1, layout.input.row)
            let width = min(layout.columns, columns.map { $0 + 4 } ?? layout.columns)
            let height = min(body.count, rows.map { $0 + 2 } ?? body.count)
            outer = ScreenLayout.Area(
                column: (layout.columns - width) / 2, row: body.lowerBound + (body.count - height) / 2, columns: width,
                rows: height)
            isFramed = width >= 12 && height >= 4
            inner = outer
            guard isFramed else { return }
            inner = ScreenLayout.Area(
                column: outer.column + 2, row: outer.row + 1, columns: width - 4, rows: height - 2)
        }
    }

    /// Clears the box and draws its frame.
    /// - Returns: the area for the content.
    private mutating func put(_ box: Box, title: String, footer: String) -> ScreenLayout.Area {
        let area = box.outer
        screen.fill(
            column: area.column, row: area.row, width: area.columns, height: area.rows, with: Cell(" ", theme.text))
        guard box.isFramed else { return box.inner }
        edge(area, row: area.row, glyphs.topLeft, glyphs.topRight, title, theme.heading)
        edge(area, row: area.endRow - 1, glyphs.bottomLeft, glyphs.bottomRight, footer, theme.dim)
        for row in (area.row + 1)..<(area.endRow - 1) {
            screen.put(glyphs.column, column: area.column, row: row, style: theme.separator)
            screen.put(glyphs.column, column: area.endColumn - 1, row: row, style: theme.separator)
        }
        return box.inner
    }

    private mutating func edge(
        _ area: ScreenLayout.Area, row: Int, _ left: String, _ right: String, _ text: String, _ style: Style
    ) {
        let rule = String(repeating: glyphs.rule, count: max(0, area.columns - 2))
        screen.put("\(left)\(rule)\(right)", column: area.column, row: row, style: theme.separator)
        guard !text.isEmpty else { return }
        let label = LogLayout.cut(text, columns: area.columns - 6, glyphs)
        screen.put(" \(label) ", column: area.column + 2, row: row, style: style, limit: area.columns - 4)
    }

    private mutating func put(_ spans: [Span], _ area: ScreenLayout.Area, row: Int) {
        guard row >= 0, row < area.rows else { return }
        screen.put(spans, column: area.column, row: area.row + row, limit: area.columns)
    }

    /// A line of text that is typed into an overlay, with the cursor behind it.
    private mutating func putQuery(_ label: String, _ query: String, _ area: ScreenLayout.Area) {
        let label = area.columns > 24 ? label : ""
        let space = max(0, area.columns - TextWidth.of(label) - 1)
        var shown = InputPicture.visible(query)
        // Its end is where it is edited.
        while TextWidth.of(shown) > space, !shown.isEmpty { shown.removeFirst(max(1, (shown.count - space) / 2)) }
        let end = area.column + TextWidth.of(label) + TextWidth.of(shown)
        put([Span(label, theme.dim), Span(shown, theme.prompt)], area, row: 0)
        screen.cursor = Screen.Place(
            column: max(0, min(end, screen.columns - 1)), row: max(0, min(area.row, screen.rows - 1)))
    }

    /// The first row that is shown of a list with one chosen row.
    private func firstRow(selected: Int, count: Int, rows: Int) -> Int {
        max(0, min(selected - rows / 2, count - rows))
    }

    // MARK: Help

    private mutating func drawHelp(_ scroll: Int) {
        let box = Box(layout)
        let rows = Self.helpRows(of: model, columns: box.inner.columns)
        let first = min(max(0, scroll), max(0, rows.count - box.inner.rows))
        let last = min(rows.count, first + box.inner.rows)
        let footer = "\(first + 1)\(glyphs.range)\(last) of \(rows.count)  Up Down PgUp PgDn  Esc close"
        let area = put(box, title: "Keys and commands", footer: footer)
        for (offset, row) in rows[first..<last].enumerated() { put(row, area, row: offset) }
        screen.cursor = nil
    }

    /// How far the help scrolls; the model keeps its scroll in here.
    static func helpScrollMax(_ model: ChatModel) -> Int {
        let space = Box(layout(of: model)).inner
        return max(0, helpRows(of: model, columns: space.columns).count - space.rows)
    }

    /// The rows of help that are seen at once.
    static func helpPage(_ model: ChatModel) -> Int { max(1, Box(layout(of: model)).inner.rows) }

    private static func helpRows(of model: ChatModel, columns: Int) -> [[Span]] {
        let theme = model.theme
        return HelpText.sections(model.glyphs).flatMap { section in
            [[Span(section.title, theme.heading)]]
                + section.entries.flatMap { helpRows($0, columns: columns, theme) } + [[]]
        }.dropLast()
    }

    /// The key to the left, what it does to the right; below one another where there is no room.
    private static func helpRows(_ entry: HelpText.Entry, columns: Int, _ theme: Theme) -> [[Span]] {
        let left = columns >= 56 ? 24 : columns >= 36 ? 16 : 2
        let use = TextWrap.wrap([Span(entry.use, theme.text)], columns: max(1, columns - left - 1))
        let margin = Span(String(repeating: " ", count: left), theme.text)
        if entry.keys.count > left - 2 {
            return TextWrap.wrap([Span(entry.keys, theme.prompt)], columns: columns) + use.map { [margin] + $0 }
        }
        let keys = entry.keys + String(repeating: " ", count: left - entry.keys.count)
        return use.enumerated().map { [$0 == 0 ? Span(keys, theme.prompt) : margin] + $1 }
    }

    // MARK: Lists

    private mutating func drawGoTo(_ query: String, selected: RoomName?) {
        let names = model.goToCandidates(query)
        let box = Box(layout, columns: 40, rows: max(2, names.count + 1))
        let area = put(box, title: "Go to", footer: "Up Down choose  Enter go  Esc close")
        putQuery("room: ", query, area)
        guard !names.isEmpty else { return put([Span("Enter joins it", theme.dim)], area, row: 1) }
        let selected = selected.flatMap { names.firstIndex(of: $0) } ?? 0
        let first = firstRow(selected: selected, count: names.count, rows: area.rows - 1)
        for (offset, name) in names.dropFirst(first).prefix(max(0, area.rows - 1)).enumerated() {
            guard let room = model.rooms[name] else { continue }
            let isSelected = first + offset == selected
            let style = isSelected ? theme.selected : theme.text
            let waiting = room.mentions > 0 ? "  @\(room.mentions)" : room.unread > 0 ? "  \(room.unread)" : ""
            let mark = isSelected ? glyphs.current : " "
            put([Span("\(mark) \(room.title)\(waiting)", style)], area, row: 1 + offset)
        }
    }

    private mutating func draw(_ search: SearchState) {
        let area = put(Box(layout), title: "Search", footer: "Up Down choose  Enter show  Esc close")
        putQuery("text: ", search.query, area)
        let hasState = area.rows >= 3
        if hasState { put([Span(searchText(search), search.trouble == nil ? theme.dim : theme.warning)], area, row: 1) }
        let top = hasState ? 2 : 1
        let rows = area.rows - top
        guard rows > 0, !search.results.isEmpty else { return }
        let selected = min(max(0, search.selected), search.results.count - 1)
        let first = firstRow(selected: selected, count: search.results.count, rows: rows)
        for (offset, line) in search.results.dropFirst(first).prefix(rows).enumerated() {
            let spans = result(line, query: search.query, isSelected: first + offset == selected, columns: area.columns)
            put(spans, area, row: top + offset)
        }
    }

    private func searchText(_ search: SearchState) -> String {
        if let trouble = search.trouble { return "\(glyphs.refused) \(VisibleText(trouble).value)" }
        if search.query.isEmpty { return "searches this room's log, then the server's history" }
        let found = "\(search.results.count) found"
        if search.isSearching { return "\(found), searching the server\(glyphs.ellipsis)" }
        if search.isExhausted { return "\(found), all of the history" }
        return search.before == nil ? "\(found) in the log" : "\(found), older ones: go down"
    }

    /// `10:05 grace  …text with the match…`: the part of the text that holds the match.
    private func result(_ line: LogLine, query: String, isSelected: Bool, columns: Int) -> [Span] {
        let user: String
        let text: String
        switch line.content {
        case .message(let name, let body, _): (user, text) = (name, body)
        case .file(let file): (user, text) = (file.user, "\(glyphs.file) \(file.name)")
        case .presence(let words), .notice(let words): (user, text) = (glyphs.notice, words)
        case .local(let spans): (user, text) = (glyphs.notice, spans.map(\.text).joined())
        case .gap, .caughtUp, .connectionLost: (user, text) = (glyphs.notice, "")
        }
        let mark = isSelected ? glyphs.current : " "
        let day = Figures.day(line.time, model.calendar)
        let today = Figures.day(model.wallClock, model.calendar)
        let date = day == today || columns < 50 ? "" : Figures.dayName(day, thisDay: today) + ", "
        let head = "\(mark) \(date)\(Figures.clock(line.time, model.calendar)) "
        let name = LogLayout.cut(VisibleText(user).value, columns: max(5, columns / 6), glyphs)
        let space = columns - TextWidth.of(head) - TextWidth.of(name) - 2
        let found = SearchMatch(VisibleText(text).value, query: VisibleText(query).value)
        let style = isSelected ? theme.unread : theme.text
        let nameStyle = user == model.user ? theme.ownName : theme.name(of: user)
        return [Span(head, isSelected ? theme.unread : theme.dim), Span("\(name)  ", nameStyle)]
            + found.spans(columns: max(0, space), style: style, match: theme.match, ellipsis: glyphs.ellipsis)
    }

    // MARK: Questions

    private mutating func drawPaste(_ text: String) {
        let lines = ChatModel.lines(of: text)
        let size = TransferProgress.size(Int64(text.utf8.count))
        let title = "Paste: \(lines.count) \(lines.count == 1 ? "line" : "lines"), \(size)"
        let area = put(Box(layout, columns: 64, rows: min(14, lines.count + 2)), title: title, footer: "")
        let answers = "S send   F as a file   E edit   Esc nothing"
        put([Span(LogLayout.cut(answers, columns: area.columns, glyphs), theme.heading)], area, row: 0)
        let rows = max(0, area.rows - 2)
        for (offset, line) in lines.prefix(rows).enumerated() {
            let isCut = offset == rows - 1 && lines.count > rows
            let shown = isCut ? "\(glyphs.ellipsis) \(lines.count - rows + 1) more" : VisibleText(String(line)).value
            put([Span(LogLayout.cut(shown, columns: area.columns, glyphs), theme.dim)], area, row: 2 + offset)
        }
        screen.cursor = nil
    }

    private mutating func draw(_ question: Overlay.Question, _ text: String) {
        let answers =
            switch question {
            case .leave: "Y leave   N stay"
            case .overwriteDraft: "Y replace it   N keep it"
            }
        let width = min(60, max(1, screen.columns - 4))
        let rows = TextWrap.wrap([Span(VisibleText(text).value, theme.text)], columns: width)
        let area = put(Box(layout, columns: width, rows: rows.count + 2), title: "Question", footer: "")
        let shown = rows.prefix(max(0, area.rows - 1))
        for (offset, row) in shown.enumerated() { put(row, area, row: offset) }
        put([Span(answers, theme.heading)], area, row: area.rows - 1)
        screen.cursor = nil
    }
}
