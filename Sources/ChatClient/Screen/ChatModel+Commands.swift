import ChatWire
import NIOCore
import TerminalUI

/// What the commands of ``SlashCommand`` do. Each answers whether it was carried out: where it was not, its line stays in
/// the editor and a hint says why.
extension ChatModel {
    mutating func obey(_ line: String) -> Bool {
        guard let (command, argument) = SlashCommand.parse(line) else {
            let word = line.prefix { !$0.isWhitespace }
            return fail("no such command: \(word); /help lists them, //… sends a slash")
        }
        if command.needsArgument, argument == nil { return fail(command.usage) }
        switch command {
        case .join: return joinAndShow(argument ?? "")
        case .leave: return withRoom(argument) { $0.leave($1) }
        case .rooms: ask(.askRooms)
        case .msg: return message(argument ?? "")
        // A body begins with it as it is typed.
        case .me: return speak("/me \(argument ?? "")")
        case .nick: return changeName(argument ?? "")
        case .names: return withRoom(argument) { $0.ask(.askWho($1)) }
        case .topic: return topic(argument)
        case .history: return askForHistory(argument)
        case .search: openSearch(argument ?? "")
        case .read: return markRead(argument)
        case .mute: return withRoom(argument) { $0.toggleMute($1) }
        case .ignore: return ignore(argument)
        case .notify: return setNotify(argument)
        case .upload: return withRoom(nil) { $0.ask(.upload(path: argument ?? "", $1)) }
        case .files: return withRoom(nil) { $0.ask(.askFiles($1)) }
        case .get: return download(argument ?? "", opens: false)
        case .open: return open(argument)
        case .cancel: return cancelTransfer(argument)
        case .theme: return setTheme(argument)
        case .set: return setOption(argument)
        case .status: sayStatus()
        case .reconnect: ask(.reconnect)
        case .resend: resend()
        case .discard: discard()
        case .logout:
            ledger.isGivingUpName = true
            ask(.logout)
        case .help: return help(argument)
        case .quit: quit()
        }
        return true
    }

    mutating func fail(_ text: String) -> Bool {
        warn(text)
        return false
    }

    /// Does it with the named room, or with the current one.
    private mutating func withRoom(_ name: String?, _ act: (inout ChatModel, RoomName) -> Void) -> Bool {
        guard let name else {
            guard let current else { return fail("no room yet: /join ROOM") }
            act(&self, current)
            return true
        }
        guard let room = roomName(name) else { return false }
        act(&self, room)
        return true
    }

    /// `#ops`, or `@bob` for the room of two with him, `@~bob` where he is a guest.
    func called(_ name: RoomName) -> String {
        rooms[name]?.partner.map { "@\($0)" } ?? "#\(name)"
    }

    private mutating func roomName(_ text: String) -> RoomName? {
        if text.hasPrefix("@"), let direct = order.first(where: { called($0) == text }) { return direct }
        do throws(WireError) {
            return try RoomName(text.hasPrefix("#") ? text.dropFirst() : text[...])
        } catch {
            warn(error.message)
            return nil
        }
    }

    mutating func joinAndShow(_ text: String) -> Bool {
        guard let name = roomName(text) else { return false }
        join(name)
        show(name)
        return true
    }

    private mutating func message(_ argument: String) -> Bool {
        let words = argument.split(maxSplits: 1) { $0.isWhitespace }
        guard let word = words.first else { return fail(SlashCommand.msg.usage) }
        let name = word.hasPrefix("@") ? word.dropFirst() : word
        let sign = name.hasPrefix(RoomModel.guestSign) ? RoomModel.guestSign : ""
        guard let user = try? UserName(name.dropFirst(sign.count)) else {
            return fail("no user can be called \(name)")
        }
        // A guest may have the name of somebody with a token.
        guard user.value != self.user || (!sign.isEmpty && ledger.hasToken) else { return fail("that is you") }
        return message(sign + user.value, words.count > 1 ? String(words[1]) : nil)
    }

    private mutating func changeName(_ name: String) -> Bool {
        guard !ledger.hasToken else { return fail("your name is in your token: another one needs another token") }
        do throws(WireError) {
            guard try UserName(name).value != user else { return fail("that is you") }
        } catch {
            return fail(error.message)
        }
        ledger.isGivingUpName = true
        inform("signing in as \(name)")
        ask(.changeName(name))
        return true
    }

    private mutating func topic(_ text: String?) -> Bool {
        guard let current, let room = rooms[current] else { return fail("no room yet: /join ROOM") }
        guard let text else {
            inform(room.topic.isEmpty ? "\(called(current)) has no topic" : "\(called(current)): \(room.topic)")
            return true
        }
        guard features.contains(ServerFeature.topic.rawValue) else { return fail("this server keeps no topics") }
        let topic = text == "-" ? "" : text
        guard topic.utf8.count <= Limits.topicBytesMax else {
            return fail("a topic has at most \(Limits.topicBytesMax) bytes")
        }
        ask(.setTopic(current, topic))
        return true
    }

    private mutating func markRead(_ argument: String?) -> Bool {
        switch argument {
        case "all": readAll()
        case nil:
            guard let current else { return fail("no room yet: /join ROOM") }
            if let newest = rooms[current]?.log.newestEntry { read(current, upTo: newest) }
            rooms[current]?.newSince = nil
            scrollToBottom()
        default: return fail(SlashCommand.read.usage)
        }
        return true
    }

    private mutating func toggleMute(_ name: RoomName) {
        guard rooms[name] != nil else { return warn("you are not in \(called(name))") }
        rooms[name]?.isMuted.toggle()
        inform(
            rooms[name]?.isMuted == true
                ? "\(called(name)) is muted; /mute again ends it" : "\(called(name)) is not muted any more")
        ask(.saveSettings)
    }

    private mutating func ignore(_ argument: String?) -> Bool {
        guard let argument else {
            let names = ignored.sorted().joined(separator: ", ")
            inform(names.isEmpty ? "nobody is ignored" : "ignored: \(names)")
            return true
        }
        let name = argument.hasPrefix("@") ? String(argument.dropFirst()) : argument
        guard let user = try? UserName(name) else { return fail("no user can be called \(name)") }
        guard user.value != self.user else { return fail("that is you") }
        if ignored.remove(user.value) == nil {
            ignored.insert(user.value)
            inform("\(user) is ignored; /ignore \(user) again ends it")
        } else {
            inform("\(user) is not ignored any more")
        }
        for room in rooms.keys {
            rooms[room]?.typing[user.value] = nil
            recount(room)
        }
        ask(.saveSettings)
        return true
    }

    private mutating func setNotify(_ argument: String?) -> Bool {
        guard let current, let room = rooms[current] else { return fail("no room yet: /join ROOM") }
        guard let argument else {
            inform("\(called(current)) notifies you of: \(room.notify.rawValue)")
            return true
        }
        guard let level = RoomModel.Notify(rawValue: argument) else { return fail(SlashCommand.notify.usage) }
        rooms[current]?.notify = level
        inform("\(called(current)) notifies you of: \(level.rawValue)")
        ask(.saveSettings)
        return true
    }

    private mutating func setTheme(_ argument: String?) -> Bool {
        guard let argument else {
            inform("themes: \(Theme.all.map(\.name).joined(separator: ", "))")
            return true
        }
        guard let theme = Theme.all.first(where: { $0.name == argument }) else {
            return fail("themes: \(Theme.all.map(\.name).joined(separator: ", "))")
        }
        self.theme = theme
        ask(.saveSettings)
        return true
    }

    private mutating func setOption(_ argument: String?) -> Bool {
        let words = argument?.split { $0.isWhitespace } ?? []
        guard let word = words.first else {
            let all = ScreenOption.allCases.map { "\($0.rawValue) \(self[keyPath: $0.path] ? "on" : "off")" }
            inform(all.joined(separator: ", "))
            return true
        }
        guard let option = ScreenOption(rawValue: String(word)), words.count <= 2 else {
            return fail("options: \(ScreenOption.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        switch words.dropFirst().first {
        case nil: self[keyPath: option.path].toggle()
        case "on": self[keyPath: option.path] = true
        case "off": self[keyPath: option.path] = false
        default: return fail(SlashCommand.set.usage)
        }
        if option == .mouse { ask(.setMouse(ledger.hasMouse)) }
        inform("\(option.rawValue) \(self[keyPath: option.path] ? "on" : "off")")
        ask(.saveSettings)
        return true
    }

    private mutating func sayStatus() {
        let state =
            switch connection {
            case .connecting: "connecting to \(server)"
            case .online(let node, let latency):
                "\(user) on \(node) of \(server)" + (latency.map { ", \($0) ms" } ?? "")
            case .offline(let reason, _, let attempt, _): "not connected to \(server) (\(reason)), try \(attempt)"
            case .stopped(let reason): "stopped: \(reason)"
            }
        say(VisibleText("\(state) · \(order.count) rooms · \(unsent()) unsent").value)
    }

    private mutating func help(_ argument: String?) -> Bool {
        guard let argument else {
            overlay = .help(scroll: 0)
            return true
        }
        let line = argument.hasPrefix("/") ? argument : "/\(argument)"
        guard let (command, _) = SlashCommand.parse(line) else { return fail("no such command: \(argument)") }
        inform("\(command.usage): \(command.entry.help)")
        return true
    }
}
