import ChatWire
import TerminalUI

/// Cuts the lines of a room's log into rows of the screen. Pure, and only ever asked for the lines that are seen: a log of
/// 20,000 lines costs what its visible rows cost.
///
/// A line's rows begin with the rules above it (a new day, "new since"), then come time, name and wrapped text.
struct LogLayout {
    /// One row: spans from the left, and a mark at the right edge.
    struct Row {
        var spans: [Span]
        var mark: Span?
    }

    let columns: LogColumns
    let theme: Theme
    let glyphs: Glyphs
    let calendar: LocalCalendar
    /// The user as others write the name.
    let user: String
    /// Lines of ignored people.
    let isHidden: (LogLine) -> Bool
    let newSince: Position?
    /// The line that a search led to.
    let found: LogLine.ID?
    let today: Int
    let link: (String) -> UInt16
    private let memo: RowMemo?

    /// Rows of one line at most; more would only be scrolled past.
    static let rowsMax = 400

    /// - Parameter memo: of the one picture after another that this layout makes a part of.
    init(
        _ model: ChatModel, room: RoomModel, columns: LogColumns, memo: RowMemo? = nil,
        link: @escaping (String) -> UInt16
    ) {
        self.columns = columns
        theme = model.theme
        glyphs = model.glyphs
        calendar = model.calendar
        user = model.user
        isHidden = { model.isHidden($0) }
        newSince = room.newSince
        found = room.name == model.current ? model.ledger.found : nil
        today = Figures.day(model.wallClock, model.calendar)
        self.link = link
        self.memo = memo
        memo?.begin(
            RowMemo.Setting(
                columns: columns, theme: theme, glyphs: glyphs, user: user, today: today, found: found))
    }

    /// All rows of the line at `index`, the rules above it included; none where its author is ignored.
    func rows(of lines: [LogLine], at index: Int) -> [Row] {
        let line = lines[index]
        guard !isHidden(line) else { return [] }
        let content = memo?.rows(of: line) { self.content(of: line) } ?? content(of: line)
        let rules = rules(above: lines, at: index)
        if rules.isEmpty, content.count <= Self.rowsMax { return content }
        return Array((rules + content).prefix(Self.rowsMax))
    }

    private func content(of line: LogLine) -> [Row] {
        let style = line.delivery == .sending ? theme.dim : theme.text
        switch line.content {
        case .message(let user, let body, isAction: false):
            return message(line, name: name(user), body: body, style: style)
        case .message(let user, let body, isAction: true):
            let name = name(user)
            let body = VisibleText(body, newlines: .kept).value
            return message(
                line, name: Span("*", name.style), lead: [name, Span(" ", theme.action)], body: body,
                style: theme.action)
        case .file(let file):
            // Of which "some bytes" tells nothing.
            let type = file.mediaType == "application/octet-stream" ? "" : file.mediaType
            let parts = [file.name, TransferProgress.size(Int64(file.bytes)), type].filter { !$0.isEmpty }
            let text = parts.map { VisibleText($0).value }.joined(separator: " \(glyphs.dot) ")
            return textRows(line, name: name(file.user), [[Span("\(glyphs.file) ", theme.heading), Span(text, style)]])
        case .gap(let after, let before):
            let from = Figures.clock(after.milliseconds, calendar)
            let to = Figures.clock(before.milliseconds, calendar)
            return rule("gap \(from)\(glyphs.range)\(to): messages no longer kept", theme.warning)
        case .caughtUp(let from, let to, let count):
            let day = Figures.day(from, calendar)
            let since = day == Figures.day(to, calendar) ? "" : Figures.dayName(day, thisDay: today) + " "
            let (start, end) = (Figures.clock(from, calendar), Figures.clock(to, calendar))
            let away = "away \(since)\(start)" + (start == end ? "" : "\(glyphs.range)\(end)")
            let missed =
                switch count {
                case 0: "nothing missed"
                case 1: "1 message caught up"
                default: "\(count) messages caught up"
                }
            return rule("\(away) \(glyphs.dot) \(missed)", theme.separator, short: true)
        case .connectionLost(let time):
            return rule("connection lost \(Figures.clock(time, calendar, seconds: true))", theme.warning)
        case .presence(let text):
            return textRows(line, name: Span(glyphs.dot, theme.dim), [[Span(VisibleText(text).value, theme.dim)]])
        case .notice(let text):
            let lines = BodyText(theme: theme, user: "", link: link).lines(text, style: theme.heading)
            return textRows(line, name: Span(glyphs.notice, theme.heading), lines)
        case .local(let spans):
            let visible = spans.map { Span(VisibleText($0.text, newlines: .kept).value, $0.style) }
            return TextWrap.wrap(visible, columns: columns.textColumns).map { Row(spans: [blank(columns.text)] + $0) }
        }
    }

    private func message(_ line: LogLine, name: Span, lead: [Span] = [], body: String, style: Style) -> [Row] {
        var lines = BodyText(theme: theme, user: VisibleText(user).value, link: link).lines(body, style: style)
        if !lead.isEmpty { lines[0] = lead + lines[0] }
        return textRows(line, name: name, lines)
    }

    private func name(_ user: String) -> Span {
        Span(VisibleText(user).value, user == self.user ? theme.ownName : theme.name(of: user))
    }

    // MARK: Rows

    /// Time and name before the first row, the rest below one another; a refused message says why.
    private func textRows(_ line: LogLine, name: Span, _ lines: [[Span]]) -> [Row] {
        let marked = line.delivery == nil ? 0 : LogColumns.markColumns
        let width = max(1, columns.textColumns - marked)
        var texts: [[Span]] = []
        for (index, spans) in lines.enumerated() where texts.count < Self.rowsMax {
            var spans = spans
            if index == 0, columns.form == .inline { spans.insert(contentsOf: inlineName(name), at: 0) }
            texts += TextWrap.wrap(spans, columns: width)
        }
        if case .refused(let reason)? = line.delivery {
            let text = "\(glyphs.refused) not sent: \(VisibleText(reason).value)"
            texts += TextWrap.wrap([Span(text, theme.warning)], columns: width)
        }
        var rows = texts.enumerated().map { index, spans in
            Row(spans: gutter(line, name: name, isFirst: index == 0) + spans)
        }
        if !rows.isEmpty { rows[0].mark = mark(line.delivery) }
        return rows
    }

    private func mark(_ delivery: LogLine.Delivery?) -> Span? {
        switch delivery {
        case .sending: Span(glyphs.sending, theme.dim)
        case .stored: Span(glyphs.stored, theme.good)
        case .refused: Span(glyphs.refused, theme.warning)
        case nil: nil
        }
    }

    /// A line that mentions the user begins with `@`, for those who see no colours.
    private func gutter(_ line: LogLine, name: Span, isFirst: Bool) -> [Span] {
        var attention = line.mentionsMe && isFirst ? Span("@", theme.mention) : Span(" ", theme.text)
        if let found, found == line.id { attention = Span(glyphs.current, theme.mention) }
        guard columns.form != .inline else { return columns.text > 0 ? [attention] : [] }
        let clock = isFirst ? Figures.clock(line.time, calendar) : ""
        let time = String(repeating: " ", count: max(0, columns.time - clock.count)) + clock
        let separator = columns.form == .separated ? " \(glyphs.column) " : " "
        let label = isFirst ? cut(name.text, columns: columns.name) : ""
        let padding = String(repeating: " ", count: max(0, columns.name - TextWidth.of(label)))
        let named = [Span(padding, theme.text), Span(label, name.style)]
        return [attention, Span("\(time) ", theme.dim)] + (columns.form == .narrow ? named.reversed() : named)
            + [Span(separator, theme.separator)]
    }

    private func inlineName(_ name: Span) -> [Span] {
        let isName = name.text.unicodeScalars.contains { $0.properties.isAlphabetic }
        return [Span(cut(name.text, columns: columns.name), name.style), Span(isName ? ": " : " ", theme.text)]
    }

    private func cut(_ text: String, columns: Int) -> String { Self.cut(text, columns: columns, glyphs) }

    static func cut(_ text: String, columns: Int, _ glyphs: Glyphs) -> String {
        // A cluster takes a column at least, so most names need no measuring.
        guard text.utf8.count > columns, TextWidth.of(text) > columns else { return text }
        return columns < 1 ? "" : TextWidth.prefix(text, columns: columns - 1) + glyphs.ellipsis
    }

    private func blank(_ count: Int) -> Span { Span(String(repeating: " ", count: max(0, count)), theme.text) }

    // MARK: Rules

    private func rules(above lines: [LogLine], at index: Int) -> [Row] {
        let line = lines[index]
        var rows: [Row] = []
        let day = Figures.day(line.time, calendar)
        let shownBefore = lines[..<index].last { !isHidden($0) }
        if shownBefore.map({ Figures.day($0.time, calendar) != day }) ?? true {
            rows += dayRule(Figures.dayName(day, thisDay: today))
        }
        if let newSince, case .entry(let position) = line.id, position > newSince {
            let entryBefore = lines[..<index].lazy.reversed().compactMap { line -> Position? in
                guard case .entry(let position) = line.id else { return nil }
                return self.isHidden(line) ? nil : position
            }.first
            if entryBefore.map({ $0 <= newSince }) ?? true {
                let time = Figures.clock(newSince.milliseconds, calendar)
                rows += rule("new since \(time)", theme.newSince)
            }
        }
        return rows
    }

    private func dayRule(_ text: String) -> [Row] {
        rule(text, theme.separator, left: glyphs.ruleFromLeft, right: glyphs.ruleFromRight)
    }

    /// `──── text ────` over the columns of name and text.
    private func rule(
        _ text: String, _ style: Style, short: Bool = false, left: String? = nil, right: String? = nil
    ) -> [Row] {
        let indent = columns.form == .separated ? 1 + columns.time + 1 : min(1, columns.text)
        let width = max(1, columns.width - indent - indent.signum())
        let label = cut(text, columns: width)
        let rest = width - TextWidth.of(label) - 2
        guard rest >= 2 else { return [Row(spans: [blank(indent), Span(label, style)])] }
        var before = rest / 2
        if columns.form != .separated || short { before = 2 }
        let after = short && columns.form == .separated ? 2 : rest - before
        guard before >= 1, after >= 1 else { return [Row(spans: [blank(indent), Span(label, style)])] }
        let leftRule = String(repeating: left ?? glyphs.rule, count: before)
        let rightRule = String(repeating: right ?? glyphs.rule, count: after)
        return [Row(spans: [blank(indent), Span("\(leftRule) \(label) \(rightRule)", style)])]
    }
}
