import ChatWire

/// What typed lines do.
extension LineChat {
    /// Asks the server, and answers the lines to print.
    typealias Question = @Sendable () async throws -> [String]

    enum Obeyed {
        case done
        /// Ask beside the lines that follow.
        case ask(Question)
        case leave
        /// The input has broken off, and why.
        case broken(String)
    }

    func obey(_ line: InputLine) async throws -> Obeyed {
        switch line {
        case .text(let text): return try await obey(LineInput(OutgoingText.clean(text)))
        case .tooLong(let number, let bytes):
            outcome.refused += 1
            await output.say("not sent: \(InputLine.tooLongWords(number: number, bytes: bytes))")
            return .done
        case .unreadable(let words): return .broken(words)
        }
    }

    func obey(_ input: LineInput) async throws -> Obeyed {
        switch input {
        case .nothing: break
        case .message(let text): await send(text)
        case .join(let name): await join(name)
        case .leave(let name): await leave(name)
        case .who(let name):
            guard let room = await named(name) else { break }
            return .ask { [session] in try await Self.who(room, session) }
        case .rooms:
            return .ask { [session] in
                try await session.rooms(limit: 100).map { "-- \($0.room): \($0.members) here" }
            }
        case .resend: await resend()
        case .discard: await discard()
        case .help: for line in LineInput.helpText.split(separator: "\n") { try await output.print(String(line)) }
        case .quit: return .leave
        case .unknown(let text): await output.say("no such command: \(VisibleText(text).value); /help lists them")
        }
        return .done
    }

    private func send(_ text: String) async {
        guard let current else {
            outcome.refused += 1
            return await output.say("not sent, no room yet: /join ROOM")
        }
        await send(OutgoingMessage(room: current, body: text))
    }

    private func send(_ message: OutgoingMessage) async {
        unsettled[message.key] = message.room
        do {
            return try await session.send(message)
        } catch SendError.invalid(let error) {
            await output.say("not sent: \(error.message)")
        } catch SendError.outboxFull {
            await output.say("not sent: too many messages wait already")
        } catch {
            await output.say("not sent: \(error)")
        }
        outcome.refused += 1
        settle(message)
    }

    /// Sends what may be stored already: the user has looked, or does not mind.
    private func resend() async {
        let messages = doubtful
        doubtful = []
        if messages.isEmpty { await output.say("nothing to send again") }
        for message in messages { await send(message) }
    }

    private func discard() async {
        for message in doubtful { session.discard(message) }
        await output.say("\(doubtful.count) forgotten")
        doubtful = []
    }

    private func join(_ name: String) async {
        guard let room = await roomName(name) else { return }
        current = room
        if !rooms.contains(room) {
            rooms.append(room)
            view.namesRooms = view.namesRooms || rooms.count > 1
            session.join(room, limit: count)
        }
    }

    private func leave(_ name: String?) async {
        guard let room = await named(name), rooms.contains(room) else { return }
        session.leave(room)
        forget(room)
        await sayKept(of: room)
        guard current == room else { return }
        current = rooms.last
        if let current { await output.say("messages go to \(current) now") }
    }

    private static func who(_ room: RoomName, _ session: ChatSession) async throws -> [String] {
        let (members, count) = try await session.who(room)
        let names = members.map { VisibleText($0.user).value }.joined(separator: ", ")
        return ["-- \(room): \(count) here: \(names)"]
    }

    /// The room that was named, else the current one.
    private func named(_ name: String?) async -> RoomName? {
        guard let name else { return current }
        return await roomName(name)
    }

    private func roomName(_ text: String) async -> RoomName? {
        do throws(WireError) {
            return try RoomName(text)
        } catch {
            await output.say(error.message)
            return nil
        }
    }
}
