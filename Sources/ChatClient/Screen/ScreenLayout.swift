/// Where the parts of the screen are, at any size. The input comes first, then the log, the status bar, the top bar and
/// the line of keys; side panes fold as the columns get fewer, members first.
struct ScreenLayout: Sendable, Equatable {
    struct Area: Sendable, Equatable {
        var column: Int
        var row: Int
        var columns: Int
        var rows: Int
        var endColumn: Int { column + columns }
        var endRow: Int { row + rows }

        func contains(column: Int, row: Int) -> Bool {
            (self.column..<endColumn).contains(column) && (self.row..<endRow).contains(row)
        }
    }

    let columns: Int
    /// One line for each message, names to the left, nothing at the sides.
    let isNarrow: Bool
    /// Rows; nil where there is no room for them.
    private(set) var topBar: Int?
    private(set) var status: Int?
    private(set) var keys: Int?
    private(set) var log: Area
    private(set) var rooms: Area?
    private(set) var members: Area?
    private(set) var input: Area

    /// Up to here the layout is narrow.
    static let narrowColumnsMax = 60
    static let roomsFromColumns = 68
    static let membersFromColumns = 88
    /// Panes are wider from here on.
    static let spaciousFromColumns = 120
    /// The line of keys is for screens with room to spare.
    static let keysFromRows = 14

    /// - Parameter inputRows: what the typed text takes; it gets a third of the screen at most.
    init(columns: Int, rows: Int, inputRows: Int, showsRooms: Bool, showsMembers: Bool) {
        self.columns = columns
        isNarrow = columns <= Self.narrowColumnsMax
        let inputRows = min(max(1, inputRows), max(1, rows / 3))
        var rest = rows - inputRows
        if rest >= 2 { rest -= 1 }
        let hasStatus = rest < rows - inputRows
        let hasTop = rest >= 2
        if hasTop { rest -= 1 }
        let hasKeys = !isNarrow && rows >= Self.keysFromRows && rest >= 6
        if hasKeys { rest -= 1 }

        let top = hasTop ? 1 : 0
        topBar = hasTop ? 0 : nil
        log = Area(column: 0, row: top, columns: columns, rows: rest)
        status = hasStatus ? log.endRow : nil
        input = Area(column: 0, row: log.endRow + (hasStatus ? 1 : 0), columns: columns, rows: inputRows)
        keys = hasKeys ? input.endRow : nil

        let paneColumns = columns >= Self.spaciousFromColumns ? 21 : 15
        if showsRooms, columns >= Self.roomsFromColumns {
            rooms = Area(column: 0, row: top, columns: paneColumns, rows: rest)
            log.column = paneColumns + 1
            log.columns -= paneColumns + 1
        }
        if showsMembers, columns >= Self.membersFromColumns {
            let width = paneColumns + 2
            members = Area(column: columns - width, row: top, columns: width, rows: rest)
            log.columns -= width + 1
        }
    }
}

/// How the lines of a log are cut into columns: time, name, text.
struct LogColumns: Sendable, Equatable {
    enum Form: Sendable {
        /// ` 10:01     grace │ text`
        case separated
        /// ` 10:05 grace  text`
        case narrow
        /// `grace: text`, where there is no room for columns.
        case inline
    }
    let form: Form
    /// All of the log's columns.
    let width: Int
    /// Columns of a time.
    let time: Int
    /// Columns of the longest name that is shown whole.
    let name: Int
    /// The column where the text begins.
    let text: Int

    static let inlineBelowColumns = 34
    /// The delivery mark and the blank before it.
    static let markColumns = 2

    init(columns: Int, isNarrow: Bool, hasTwelveHours: Bool = false) {
        width = max(1, columns)
        time = hasTwelveHours ? 8 : 5
        if columns < Self.inlineBelowColumns {
            form = .inline
            name = max(1, min(12, columns / 3))
            text = columns >= 8 ? 1 : 0
        } else if isNarrow {
            form = .narrow
            name = max(5, columns / 10)
            text = 1 + time + 1 + name + 1
        } else {
            form = .separated
            name = columns >= 100 ? 16 : columns >= 75 ? 12 : 9
            text = 1 + time + 1 + name + 3
        }
    }

    /// Before a pane's separator stays a blank.
    var margin: Int { form == .separated ? 1 : 0 }
    var textColumns: Int { max(1, width - text - margin) }
}
