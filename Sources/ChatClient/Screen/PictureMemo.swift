import ChatWire
import NIOCore
import TerminalUI

/// What one picture leaves to the next: its backdrop, which is all but the input and what lies over it, and the rows of
/// its log. A key changes the input alone, and drawing the rest again is most of what it would cost. A picture is the
/// same with it and without.
///
/// For the pictures of one model, as it goes on.
final class PictureMemo {
    /// What a backdrop depends on beside the time.
    struct Setting: Equatable {
        var user: String
        var server: String
        var connection: ConnectionState
        /// Instead of the rooms, whose lines are many.
        var roomsChanged: Int
        var order: [RoomName]
        var current: RoomName?
        var transfers: [TransferModel]
        var showsRooms: Bool
        var showsMembers: Bool
        var theme: Theme
        var glyphs: Glyphs
        var hint: ChatModel.Hint?
        var pendingPrefix: Key?
        var leaveAskedAt: NIODeadline?
        var columns: Int
        var rows: Int
        var hasTwelveHours: Bool
        var ignored: Set<String>
        var found: LogLine.ID?
        var unsent: Int
        var today: Int
        /// The rows of the input take their place from the log.
        var layout: ScreenLayout
        var hasInput: Bool

        init(_ model: ChatModel, _ layout: ScreenLayout) {
            (user, server, connection) = (model.user, model.server, model.connection)
            (roomsChanged, order, current) = (model.roomsChanged, model.order, model.current)
            (transfers, showsRooms, showsMembers) = (model.transfers, model.showsRooms, model.showsMembers)
            (theme, glyphs, hint) = (model.theme, model.glyphs, model.hint)
            (pendingPrefix, leaveAskedAt) = (model.pendingPrefix, model.leaveAskedAt)
            (columns, rows, hasTwelveHours) = (model.columns, model.rows, model.calendar.hasTwelveHours)
            (ignored, found, unsent) = (model.ignored, model.ledger.found, model.unsent())
            today = Figures.day(model.wallClock, model.calendar)
            (self.layout, hasInput) = (layout, !model.editor.isEmpty)
        }
    }

    let rows = RowMemo()
    private var backdrop: (setting: Setting, until: NIODeadline?, screen: Screen)?

    /// Nil: it must be drawn.
    func backdrop(for setting: Setting, at now: NIODeadline) -> Screen? {
        guard let backdrop, backdrop.until.map({ now < $0 }) ?? true, backdrop.setting == setting else { return nil }
        return backdrop.screen
    }

    /// - Parameter until: when something changes by itself, ``ChatModel/nextTick``.
    func keep(_ screen: Screen, for setting: Setting, until: NIODeadline?) {
        backdrop = (setting, until, screen)
    }
}
