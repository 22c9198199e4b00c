import ChatWire
import NIOCore
import TerminalUI

@testable import ChatClient

/// Models for tests of the view.
enum ViewSamples {
    /// Monday 23 November 2026, 00:00 UTC, in milliseconds since 1970.
    static let midnight: UInt64 = 1_795_392_000_000

    static func time(_ hours: Int, _ minutes: Int, _ seconds: Int = 0) -> UInt64 {
        midnight + UInt64((hours * 60 + minutes) * 60 + seconds) * 1000
    }

    static func id(_ hours: Int, _ minutes: Int, _ sequence: Int = 0) -> Position {
        Position(milliseconds: time(hours, minutes), sequence: UInt64(sequence))
    }

    static func said(
        _ hours: Int, _ minutes: Int, _ user: String, _ body: String, sequence: Int = 0,
        delivery: LogLine.Delivery? = nil, mentionsMe: Bool = false, isAction: Bool = false
    ) -> LogLine {
        LogLine(
            id: .entry(id(hours, minutes, sequence)), time: time(hours, minutes),
            content: .message(user: user, body: body, isAction: isAction), delivery: delivery, mentionsMe: mentionsMe)
    }

    static func told(_ number: Int, _ hours: Int, _ minutes: Int, _ content: LogLine.Content) -> LogLine {
        LogLine(id: .local(number), time: time(hours, minutes), content: content)
    }

    static func file(_ name: String, _ bytes: Int, _ type: String = "image/png", user: String = "grace") -> FileLine {
        FileLine(id: "f1", name: name, bytes: bytes, mediaType: type, sha256: "00", user: user, key: "k")
    }

    static func member(_ user: String) -> Member { Member(user: user, sessions: 1, node: "edge-b", since: 0) }

    static func empty(columns: Int, rows: Int) -> ChatModel {
        var model = ChatModel(server: "chat.example.org", user: "ada", calendar: .utc)
        model.columns = columns
        model.rows = rows
        model.now = .uptimeNanoseconds(100_000_000_000)
        model.wallClock = time(10, 8)
        model.connection = .online(node: "edge-b", latencyMilliseconds: 14)
        return model
    }

    static func add(_ room: RoomModel, to model: inout ChatModel) {
        model.rooms[room.name] = room
        model.order.append(room.name)
    }

    static func joined(_ name: String, kind: RoomModel.Kind = .room) -> RoomModel {
        var joined = RoomModel(name: room(name))
        joined.kind = kind
        joined.membership = .joined
        return joined
    }

    /// What CLIENT.md draws.
    static func deploy(columns: Int = 96, rows: Int = 18) -> ChatModel {
        var model = empty(columns: columns, rows: rows)
        var deploy = joined("deploy")
        deploy.topic = "ship it 🚢 canary at 10:15"
        deploy.members = ["ada", "grace", "linus", "太郎", "margaret"].map { member($0) }
        deploy.count = 5
        deploy.typing = ["grace": .uptimeNanoseconds(105_000_000_000)]
        deploy.newSince = id(10, 4)
        deploy.files = [file("p.png", 1_200_000), file("old.txt", 12)]
        for line in [
            said(10, 1, "grace", "build 812 is green, shipping at ten"), said(10, 2, "太郎", "了解です 👍"),
            told(1, 10, 4, .caughtUp(from: time(9, 58), to: time(10, 4), count: 37)),
            said(10, 4, "linus", "let n = try await `edge.drain()`"),
            said(10, 5, "grace", "@ada can you take the canary?", mentionsMe: true),
            LogLine(id: .entry(id(10, 5, 1)), time: time(10, 5), content: .file(file("p.png", 1_200_000))),
            said(10, 6, "ada", "on it", delivery: .stored),
            LogLine(
                id: .own(key: "k2"), time: time(10, 7),
                content: .message(user: "ada", body: "rollback plan is in the doc", isAction: false), delivery: .sending
            ),
        ] { deploy.log.append(line) }
        add(deploy, to: &model)
        var lobby = joined("lobby")
        lobby.unread = 12
        add(lobby, to: &model)
        var swift = joined("swift")
        swift.unread = 3
        swift.mentions = 2
        add(swift, to: &model)
        var ops = joined("ops")
        ops.isMuted = true
        ops.unread = 7
        add(ops, to: &model)
        var nihon = joined("nihongo")
        nihon.unread = 3
        add(nihon, to: &model)
        var grace = joined("dm-grace", kind: .direct(with: "grace"))
        grace.unread = 1
        grace.members = [member("ada"), member("grace")]
        add(grace, to: &model)
        add(joined("dm-linus", kind: .direct(with: "linus")), to: &model)
        model.current = deploy.name
        model.transfers = [
            TransferModel(
                id: 1, isUpload: true, room: deploy.name, name: "log.gz", doneBytes: 52_480_000, totalBytes: 86_000_000,
                rate: 8_400_000, state: .running)
        ]
        model.editor.set("@grace canary is at 5 %, error rate flat\nsecond line of the same message (Alt-Enter)")
        return model
    }

    /// The second picture of CLIENT.md.
    static func offline(columns: Int = 60, rows: Int = 12) -> ChatModel {
        var model = deploy(columns: columns, rows: rows)
        model.transfers = []
        model.editor.set("")
        model.ledger.unsettled = ["k2", "k3"].map { OutgoingMessage(room: room("deploy"), key: $0, body: "kept") }
        model.connection = .offline(
            reason: "nobody listens there", retryAt: model.now + .seconds(3), attempt: 2, since: model.now)
        model.update(room("deploy")) { room in
            room.count = 4
            room.topic = "ship it"
            room.newSince = nil
            room.log.append(told(2, 10, 7, .connectionLost(at: time(10, 7, 12))))
            room.log.append(
                LogLine(
                    id: .own(key: "k3"), time: time(10, 7),
                    content: .message(user: "ada", body: "and the second one", isAction: false), delivery: .sending))
        }
        return model
    }

    /// Everything at once: wide and combined letters, long words, many people, transfers, all kinds of lines.
    static func crowded() -> ChatModel {
        var model = deploy()
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦"
        model.update(room("deploy")) { room in
            room.members = (0..<200).map { member("person-\($0)-名前") }
            room.count = 2345
            room.topic = String(repeating: "長い topic ", count: 40)
            room.isLoadingOlder = true
            room.files = (0..<9).map { file("\($0) \(String(repeating: "名", count: 60)).png", 999_999_999) }
            for number in 0..<60 {
                let bodies = [
                    String(repeating: "word ", count: 60), String(repeating: "x", count: 400),
                    String(repeating: "漢字", count: 90), "\(family) \(family) e\u{301}e\u{301} 🇯🇵🇩🇪 ✈️ 1️⃣",
                    "several\n\nlines\n\tand a tab", "see https://example.org/a_(b)?q=1, or `code` @ada!",
                ]
                let user = ["grace", "太郎", String(repeating: "w", count: 32), "ada"][number % 4]
                room.log.append(
                    said(
                        11, number, user, bodies[number % bodies.count], delivery: number % 4 == 3 ? .stored : nil,
                        mentionsMe: number % 7 == 0, isAction: number % 5 == 0))
            }
            let position = id(12, 0)
            let others: [LogLine.Content] = [
                .gap(after: id(11, 1), before: position), .connectionLost(at: time(12, 1)),
                .caughtUp(from: 0, to: .max, count: .max), .presence("太郎 joined"), .notice("the edge drains\nsoon"),
                .local([Span("two\nlines", .plain), Span(" and a style", Theme.standard.link)]),
            ]
            for (number, content) in others.enumerated() { room.log.append(told(100 + number, 12, 1, content)) }
            room.log.append(said(12, 2, "ada", "no", delivery: .refused("too long for this server")))
        }
        let name = room("deploy")
        let states: [TransferModel.State] = [
            .running, .waiting, .verifying, .retrying(at: model.now + .seconds(4), reason: "no network"), .done("x"),
            .failed("disk full"), .cancelled,
        ]
        model.transfers = states.enumerated().map { number, state in
            TransferModel(
                id: number, isUpload: number % 2 == 0, room: name, name: "file-\(number)-名前.tar.gz",
                doneBytes: Int64(number) << 40, totalBytes: number == 1 ? nil : 5, rate: .infinity, state: state)
        }
        return model
    }
}

extension ChatModel {
    mutating func update(_ name: RoomName, _ change: (inout RoomModel) -> Void) {
        guard var room = rooms[name] else { return }
        change(&room)
        rooms[name] = room
    }
}
