import ChatWire
import TerminalUI

/// What goes along when the user becomes somebody else: the rooms for everybody, and what is typed in them and not sent.
///
/// Rooms of two belong to the name that left, and so does what is typed there: in another room it would be read by those
/// whom it is not for.
struct Luggage: Sendable, Equatable {
    var rooms: [RoomName]
    /// The one that is looked at.
    var shown: RoomName?
    /// Nothing empty.
    var drafts: [RoomName: String]

    /// - Parameter otherwise: the rooms where the user is in none: somebody without a room would join nothing.
    init(of model: ChatModel, otherwise: [RoomName]) {
        let joined = model.order.filter { model.rooms[$0]?.kind == .room }
        rooms = joined.isEmpty ? otherwise : joined
        shown = model.current.flatMap { joined.contains($0) ? $0 : nil }
        drafts = [:]
        for name in joined { drafts[name] = name == shown ? model.editor.text : model.rooms[name]?.draft }
        // What was typed without a room goes with the user, into the room that is looked at first.
        if model.current == nil, let first = rooms.first { drafts[first] = model.editor.text }
        drafts = drafts.filter { !$0.value.isEmpty }
    }

    /// Of a name that was not let in: its own rooms and drafts stay with it, as they were.
    /// - Parameters:
    ///   - rooms: those that were brought.
    ///   - kept: what the name has on disk.
    func returned(rooms: [RoomName], brought: [RoomName: String], kept: [RoomName: String]) -> Luggage {
        var luggage = self
        luggage.rooms = rooms
        luggage.shown = shown.flatMap { rooms.contains($0) ? $0 : nil }
        luggage.drafts = drafts.filter { brought[$0] != nil || kept[$0] != $1 }
        return luggage
    }
}

extension ScreenSetup {
    /// The same person under another name.
    func renamed(_ name: String, with luggage: Luggage) -> ScreenSetup {
        var setup = bringing(luggage)
        setup.isOnTrial = true
        setup.configuration.user = name
        setup.owner = OutboxOwner.name(of: setup.configuration)
        setup.configuration.outboxPath = setup.state?.outbox(setup.configuration.server, owner: setup.owner)
        return setup
    }

    /// The next screen begins where the one before ended.
    func bringing(_ luggage: Luggage) -> ScreenSetup {
        var setup = self
        (setup.rooms, setup.shownFirst, setup.brought) = (luggage.rooms, luggage.shown, luggage.drafts)
        return setup
    }
}
