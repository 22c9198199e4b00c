import ChatWire
import Foundation
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Whatever is in a message, a name, a file's name, a topic, a node's name, an error or a notice: on the bytes that the
/// terminal gets. All tests together bring ``textsMin`` texts to it.
@Suite struct HostileBytesTests {
    private static let textsMin = 100_000
    /// In parts, which run side by side.
    private static let parts = 0..<4
    private static let screenTexts = 20_000
    private static let stringTexts = 10_000
    private static let lineTexts = textsMin - screenTexts - stringTexts

    @Test(arguments: parts) func screensInAnyState(part: Int) {
        var texts = HostileTexts()
        var round = 0
        while texts.count < Self.screenTexts / Self.parts.count {
            var model = HostileModels.model(round: round, using: &texts)
            (model.columns, model.rows) = [(60, 12), (44, 9), (82, 11), (24, 7)][round % 4]
            var renderer = Renderer(level: ColorLevel.allCases[round % 4])
            for overlay in HostileModels.overlays(using: &texts) {
                model.overlay = overlay
                var bytes = TerminalBytes.screen
                bytes.read(renderer.render(ChatView.screen(of: model)))
                #expect(bytes.complaints == [], "seed \(texts.seed), round \(round)")
            }
            round += 1
        }
    }

    @Test(arguments: parts) func linesOfAllKinds(part: Int) async throws {
        var texts = HostileTexts()
        let file = try #require(tmpfile())
        defer { fclose(file) }
        let output = LineOutput(output: fileno(file), errors: fileno(file), canRewrite: true)
        var lines = HostileLines(hasColor: part % 2 == 0)
        while texts.count < Self.lineTexts / Self.parts.count { try await lines.write(to: output, using: &texts) }
        await output.setStatus(nil)
        var bytes = TerminalBytes.lines
        bytes.read(try Self.content(of: file))
        #expect(bytes.complaints == [], "seed \(texts.seed)")
    }

    @Test func titlesAndNotifications() {
        var texts = HostileTexts()
        var bytes = TerminalBytes.strings
        while texts.count < Self.stringTexts {
            bytes.read(TerminalSequence.title(VisibleText(texts.next()).value))
            for kind in [TerminalSequence.NotificationKind.titled, .plain] {
                let (title, body) = (VisibleText(texts.next()).value, VisibleText(texts.next()).value)
                bytes.read(TerminalSequence.notification(title: title, body: body, as: kind))
            }
        }
        #expect(bytes.complaints == [], "seed \(texts.seed)")
    }

    private static func content(of file: UnsafeMutablePointer<FILE>) throws -> [UInt8] {
        var status = stat()
        try #require(fstat(fileno(file), &status) == 0)
        return [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, count in
            count = max(0, pread(fileno(file), buffer.baseAddress, buffer.count, 0))
        }
    }
}

/// Hostile texts from a seed, counted.
struct HostileTexts {
    let seed: UInt64
    private var generator: TestGenerator
    private(set) var count = 0

    init(seed: UInt64 = .random(in: .min ... .max)) {
        self.seed = seed
        generator = TestGenerator(seed: seed)
    }

    mutating func next(_ pieces: Int = 4) -> String {
        count += 1
        return HostileText.text(pieces: pieces, using: &generator)
    }
}

/// What the commands that print lines make of hostile texts.
private struct HostileLines {
    private var view: LineView
    private let style: LineStyle

    init(hasColor: Bool) {
        style = LineStyle(hasColor: hasColor, secondsFromGMT: { _ in 0 })
        view = LineView(style: style)
    }

    mutating func write(to output: LineOutput, using texts: inout HostileTexts) async throws {
        for event in try Self.events(&texts) {
            for line in view.lines(for: event, now: at(0)) {
                switch line {
                case .text(let text): try await output.print(text)
                case .status(let text): await output.say(text)
                case .waiting(let reason, let until, let attempt):
                    await output.setStatus(LineView.waiting(reason, until: until, attempt: attempt, now: at(0)))
                case .connected: await output.setStatus(nil)
                }
            }
        }
        // tail --json
        var json = ByteBuffer()
        try Self.message(&texts).writeJSON(room: ops, into: &json)
        try await output.print(JSONLine.printable(String(buffer: json)))
        // who
        let members = [Member(user: texts.next(), sessions: 2, node: texts.next(), since: 0)]
        try await output.print(Who.line(of: members[0], style))
        try await output.print(try Who.document(ops, members, 1))
        // Transfers
        let progress = TransferProgress(name: texts.next(), total: 5, at: at(0))
        await output.setStatus(progress.line(width: 60, note: texts.next()))
        try await output.print(FileName(texts.next()).value)
        // doctor
        let report = DoctorReport(findings: [Finding("server", .error, texts.next(), remedy: texts.next())])
        for line in report.lines { try await output.print(line) }
        try await output.print(try report.document())
        // What ends a command
        await output.say(CommandFailure(StopReason(.failed, texts.next())).message ?? "")
        await output.say("not sent: \(texts.next())")
    }

    private static func message(_ texts: inout HostileTexts) throws -> Entry {
        let tail = try #"""user":\#(json(texts.next(2))),"session":"s0","key":"k","body":\#(json(texts.next(8)))}"#
        return Entry(kind: .message, id: position(2), previous: position(1), tail: ByteBuffer(string: tail))
    }

    private static func file(_ texts: inout HostileTexts) throws -> Entry {
        let about = try #""name":\#(json(texts.next())),"bytes":5,"media_type":\#(json(texts.next()))"#
        let tail = try #"""user":\#(json(texts.next(2))),"key":"f","file":{"id":"f",\#(about),"sha256":"00"}}"#
        return Entry(kind: .file, id: position(3), previous: position(2), tail: ByteBuffer(string: tail))
    }

    private static func json(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    private static func events(_ texts: inout HostileTexts) throws -> [SessionEvent] {
        var welcome = welcomeFrame(user: texts.next(2))
        welcome.node = texts.next()
        var refusal = errorFrame(.forbidden)
        refusal.message = texts.next()
        let member = Member(user: texts.next(2), sessions: 1, node: texts.next(), since: 0)
        let sent = OutgoingMessage(room: ops, body: texts.next())
        let left = Departure(user: texts.next(2), session: welcome.session, node: "n", reason: .lost)
        return [
            .connected(.init(welcome)), .disconnected(reason: texts.next(), retryAt: at(9), attempt: 1),
            .joined(.init(room: ops, members: [member], count: 1, isAgain: false)), .roomRefused(ops, refusal),
            .entry(ops, try message(&texts)), .entry(ops, try file(&texts)), .refused(sent, refusal),
            .kept(sent, .perhapsStored), .kept(sent, .writtenBy(texts.next(2))),
            .presence(.init(room: ops, joined: [], left: [left], count: 1)),
            .topic(ops, Topic(text: texts.next(), user: texts.next(2), time: 0)), .direct(ops, user: texts.next(2)),
            .notice(.info, .announcement, text: texts.next()), .error(refusal),
            .stopped(StopReason(.failed, texts.next())),
        ]
    }
}
