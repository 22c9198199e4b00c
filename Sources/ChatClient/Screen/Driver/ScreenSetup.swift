import ChatWire
import Foundation
import NIOCore
import TerminalUI

/// With what the full screen begins: the server, the rooms, and what the user set.
struct ScreenSetup: Sendable {
    var configuration: ChatSession.Configuration
    /// Those that this run was asked for: they come before all others.
    var rooms: [RoomName]
    /// Those of the settings.
    var configuredRooms: [RoomName] = []
    /// Those of the last run.
    var keptRooms = KeptRooms()
    /// The one to look at first; nil: the one of the last run, or the first one.
    var shownFirst: RoomName?
    /// Another name was asked for and nobody has let it in yet.
    var isOnTrial = false
    /// What a name before this one typed and did not send. It comes before what is kept.
    var brought: [RoomName: String] = [:]
    /// Entries of each room to begin with.
    var count: Int
    /// Nil without a home: nothing is kept between runs.
    var state: StateFolder?
    /// See ``OutboxOwner``.
    var owner: String
    var colors: ColorLevel
    /// What the terminal can show beside ASCII.
    var glyphs: Glyphs
    /// How the terminal is asked to notify the desktop.
    var notifications = TerminalSequence.NotificationKind.titled
    /// What the user changed with commands; it lies over the settings.
    var preferences = Preferences()
    var settings = ClientSettings()

    static func wallClock() -> UInt64 { UInt64(max(0, Date().timeIntervalSince1970) * 1000) }

    /// The terminal is asked to report the mouse from the start.
    var hasMouse: Bool { preferences.mouse ?? settings.mouse ?? false }

    /// The rooms to join, and the one to look at where it is not the first one.
    var beginning: (rooms: [RoomName], shown: RoomName?) {
        keptRooms.beginning(named: rooms, configured: configuredRooms)
    }

    func model() -> ChatModel {
        var model = ChatModel(
            server: configuration.server.authority, user: configuration.user ?? "", calendar: Self.calendar)
        model.glyphs = glyphs
        model.calendar.hasTwelveHours = settings.timeFormat == .hours12
        model.ledger.shownFirst = shownFirst ?? beginning.shown
        model.ledger.keptRooms = keptRooms
        model.ledger.isOnTrial = isOnTrial
        model.ledger.hasToken = configuration.token != nil
        model.now = .now()
        model.wallClock = Self.wallClock()
        if let theme = Theme.named(preferences.theme ?? settings.theme ?? "") { model.theme = theme }
        model.sharesTyping = preferences.typing ?? settings.typing ?? true
        let panes = preferences.panes.flatMap(ClientSettings.Panes.init) ?? settings.panes ?? .both
        model.showsRooms = panes == .both || panes == .rooms
        model.showsMembers = panes == .both || panes == .members
        model.ignored = Set(preferences.ignored ?? [])
        for name in preferences.muted ?? [] {
            if let room = try? RoomName(name) { model.ledger.muted.insert(room) }
        }
        for (name, level) in preferences.roomNotifications ?? [:] {
            guard let room = try? RoomName(name), let level = RoomModel.Notify(rawValue: level) else { continue }
            model.ledger.notify[room] = level
        }
        if let level = settings.notifications { model.ledger.notifyByDefault = RoomModel.Notify(level) }
        model.ledger.rings = preferences.bell ?? settings.bell ?? true
        model.ledger.hasMouse = hasMouse
        return model
    }

    /// The preferences as the model has them now. What nobody changed stays with the settings.
    func preferences(of model: ChatModel) -> Preferences {
        let before = self.model()
        func kept<Value: Equatable>(_ value: Value?, _ current: (ChatModel) -> Value) -> Value? {
            value == nil && current(model) == current(before) ? nil : current(model)
        }
        var changed = preferences
        changed.theme = kept(changed.theme) { $0.theme.name }
        changed.typing = kept(changed.typing) { $0.sharesTyping }
        changed.bell = kept(changed.bell) { $0.ledger.rings }
        changed.mouse = kept(changed.mouse) { $0.ledger.hasMouse }
        changed.panes = kept(changed.panes) {
            ClientSettings.Panes(rooms: $0.showsRooms, members: $0.showsMembers).rawValue
        }
        changed.ignored = kept(changed.ignored) { $0.ignored.sorted() }
        var muted = model.ledger.muted
        var levels = model.ledger.notify
        for room in model.rooms.values {
            if room.isMuted { muted.insert(room.name) } else { muted.remove(room.name) }
            let usual = room.kind == .room ? model.ledger.notifyByDefault : .all
            levels[room.name] = room.notify == usual ? nil : room.notify
        }
        if changed.muted != nil || !muted.isEmpty { changed.muted = muted.map(\.value).sorted() }
        if changed.roomNotifications != nil || !levels.isEmpty {
            changed.roomNotifications = Dictionary(
                uniqueKeysWithValues: levels.map { ($0.key.value, $0.value.rawValue) })
        }
        return changed
    }

    private static let calendar = LocalCalendar { milliseconds in
        var time = time_t(milliseconds / 1000)
        var local = tm()
        localtime_r(&time, &local)
        return local.tm_gmtoff
    }
}

extension RoomModel.Notify {
    init(_ setting: ClientSettings.Notifications) {
        switch setting {
        case .all: self = .all
        case .mentions: self = .mentions
        case .none: self = .none
        }
    }
}

extension ClientSettings.Panes {
    init(rooms: Bool, members: Bool) {
        switch (rooms, members) {
        case (true, true): self = .both
        case (true, false): self = .rooms
        case (false, true): self = .members
        case (false, false): self = .none
        }
    }
}
