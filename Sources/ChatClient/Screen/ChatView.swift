import ChatWire
import TerminalUI

/// Draws the full screen: a model in, a picture out. No I/O, and no memory that would show: the same model is always the
/// same picture.
///
/// Everything from the network passes ``ChatWire/VisibleText`` on its way into a cell, here and in what this calls.
struct ChatView {
    let model: ChatModel
    let layout: ScreenLayout
    let input: InputPicture
    var screen: Screen
    private let memo: PictureMemo?
    var theme: Theme { model.theme }
    var glyphs: Glyphs { model.glyphs }
    var room: RoomModel? { model.current.flatMap { model.rooms[$0] } }

    /// - Parameter memo: what makes the next picture cost less than the first.
    static func screen(of model: ChatModel, _ memo: PictureMemo? = nil) -> Screen {
        var view = ChatView(model, memo)
        view.drawBackdrop()
        view.drawInput()
        view.drawCompletion()
        if let overlay = model.overlay { view.draw(overlay) }
        return view.screen
    }

    /// In the place of the backdrop until that is drawn; made once, because a screen takes a few allocations.
    private static let undrawn = Screen(columns: 1, rows: 1)

    init(_ model: ChatModel, _ memo: PictureMemo? = nil) {
        self.model = model
        self.memo = memo
        screen = Self.undrawn
        input = InputPicture(model, columns: max(1, model.columns))
        layout = Self.layout(of: model, input)
    }

    /// All but the input and what lies over it.
    private mutating func drawBackdrop() {
        let setting = memo.map { _ in PictureMemo.Setting(model, layout) }
        if let memo, let setting, let known = memo.backdrop(for: setting, at: model.now) {
            screen = known
            return
        }
        screen = Screen(columns: model.columns, rows: model.rows)
        if theme.text != .plain {
            screen.fill(column: 0, row: 0, width: screen.columns, height: screen.rows, with: Cell(" ", theme.text))
        }
        drawLog()
        drawPanes()
        drawTopBar()
        drawStatus()
        drawKeys()
        if let memo, let setting { memo.keep(screen, for: setting, until: model.nextTick) }
    }

    /// Where the parts are: what the mouse hits, and how far a page is.
    static func layout(of model: ChatModel) -> ScreenLayout {
        layout(of: model, InputPicture(model, columns: max(1, model.columns)))
    }

    private static func layout(of model: ChatModel, _ input: InputPicture) -> ScreenLayout {
        ScreenLayout(
            columns: max(1, model.columns), rows: max(1, model.rows), inputRows: input.rows.count,
            showsRooms: model.showsRooms, showsMembers: model.showsMembers && model.current != nil)
    }

    /// A room's log as it stands on the screen: what is seen of it, and where scrolling leads.
    static func window(of room: RoomModel, in model: ChatModel) -> LogWindow {
        window(of: room, in: model, layout(of: model), nil) { _ in 0 }
    }

    private static func window(
        of room: RoomModel, in model: ChatModel, _ layout: ScreenLayout, _ memo: RowMemo?,
        link: @escaping (String) -> UInt16
    ) -> LogWindow {
        let columns = LogColumns(
            columns: layout.log.columns, isNarrow: layout.isNarrow, hasTwelveHours: model.calendar.hasTwelveHours)
        return LogWindow(
            log: room.log, layout: LogLayout(model, room: room, columns: columns, memo: memo, link: link),
            height: layout.log.rows)
    }

    // MARK: The log

    private mutating func drawLog() {
        let area = layout.log
        guard area.rows > 0, area.columns > 0 else { return }
        guard let room else { return drawWelcome() }
        let links = LinkNumbers(screen)
        let window = Self.window(of: room, in: model, layout, memo?.rows) { links.number(of: $0) }
        let view = window.view(at: room.scroll)
        for address in links.addresses { _ = screen.link(to: address) }
        // A short log stands at the bottom, where its next line comes.
        let top = area.endRow - view.rows.count
        for (offset, row) in view.rows.enumerated() {
            screen.put(row.spans, column: area.column, row: top + offset, limit: area.columns)
            if let mark = row.mark, area.columns > LogColumns.markColumns {
                let margin = window.layout.columns.margin
                screen.put([mark], column: area.endColumn - 1 - margin, row: top + offset)
            }
        }
        if top > area.row, let text = startText(room, isEmpty: view.rows.isEmpty) {
            putCentred(text, row: top - 1, style: theme.dim)
        } else if room.isLoadingOlder, view.reachesOldest, area.rows > 1 {
            screen.fill(column: area.column, row: area.row, width: area.columns, with: Cell(" ", theme.text))
            putCentred("loading older messages\(glyphs.ellipsis)", row: area.row, style: theme.dim)
        }
        if view.hidesNewer, area.columns >= 30, area.rows > 2 {
            let text = " \(glyphs.down) newer below: Alt-End "
            screen.put(
                text, column: area.endColumn - TextWidth.of(text) - 1, row: area.endRow - 1, style: theme.selected)
        }
    }

    /// What stands above the first line, or in an empty log.
    private func startText(_ room: RoomModel, isEmpty: Bool) -> String? {
        switch room.membership {
        case .refused(let reason): "not joined: \(VisibleText(reason).value)"
        case .offered: "\(room.title) wants to talk: write something to answer"
        case .left: "left; /join comes back"
        case .joining where isEmpty: "joining \(room.title)\(glyphs.ellipsis)"
        case .joining, .joined:
            room.isLoadingOlder
                ? "loading older messages\(glyphs.ellipsis)"
                : room.hasOldest ? (isEmpty ? "nobody has written here yet" : "nothing older is kept") : nil
        }
    }

    private mutating func drawWelcome() {
        let area = layout.log
        let lines = ["No room is open.", "/join ROOM opens one, /msg NAME writes to a person,", "F1 shows the keys."]
        let top = area.row + max(0, (area.rows - lines.count) / 2)
        for (offset, line) in lines.enumerated() where top + offset < area.endRow {
            putCentred(line, row: top + offset, style: offset == 0 ? theme.heading : theme.dim)
        }
    }

    private mutating func putCentred(_ text: String, row: Int, style: Style) {
        let area = layout.log
        let text = LogLayout.cut(text, columns: area.columns, glyphs)
        screen.put(text, column: area.column + (area.columns - TextWidth.of(text)) / 2, row: row, style: style)
    }
}

/// Numbers the links of a screen before they are put on it: the layout may not hold the screen itself.
private final class LinkNumbers {
    private(set) var addresses: [String] = []
    private let taken: Int
    init(_ screen: Screen) { taken = screen.links.count }

    func number(of address: String) -> UInt16 {
        if let index = addresses.firstIndex(of: address) { return UInt16(clamping: taken + index + 1) }
        guard addresses.count < 1000 else { return 0 }
        addresses.append(address)
        return UInt16(clamping: taken + addresses.count)
    }
}
