import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatClient

/// What `termchat doctor` makes of what it sees.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DoctorTests {
    @Test func errorsAreNotHealthyAndNoServerIsUnavailable() {
        var report = DoctorReport()
        #expect(report.status == .done)
        report.findings = [Finding("x", .warning, "w")]
        #expect(report.status == .done)
        report.findings.append(Finding("y", .error, "e", remedy: "r"))
        #expect(report.status == .failed)
        report.isUnavailable = true
        #expect(report.status == .unavailable)
        #expect(report.lines == ["warning  x  w", "ERROR    y  e", "            → r", "not healthy"])
    }

    @Test func theDocumentIsOneLineOfJSON() throws {
        let report = DoctorReport(findings: [Finding("x", .ok, "a\u{1b}b")], latency: ["tcp": 1.5])
        #expect(
            try report.document()
                == #"{"findings":[{"check":"x","remedy":"","severity":"ok","what":"a\u001bb"}],"healthy":true,"latency_ms":{"tcp":1.5}}"#
        )
    }

    @Test func terminalsAreTakenAsTheySayTheyAre() {
        func what(_ environment: [String: String], _ check: String) -> String? {
            let facts = TerminalFacts(
                environment: environment, inputIsTerminal: true, outputIsTerminal: true, size: (80, 24))
            return facts.findings.first { $0.check == check }?.what
        }
        #expect(what(["TERM": "xterm-256color", "COLORTERM": "truecolor"], "colours") == "true colour")
        #expect(what(["TERM": "linux"], "colours") == "16")
        #expect(what(["TERM": "dumb"], "colours") == "none")
        #expect(what(["TERM": "xterm", "NO_COLOR": "1"], "colours")?.contains("NO_COLOR") == true)
        #expect(what(["LANG": "de_DE.UTF-8"], "locale") == "de_DE.UTF-8")
        #expect(what(["LANG": "de_DE.UTF-8", "LC_ALL": "C"], "locale") == "C is not UTF-8")
        #expect(what(["TMUX": "x"], "multiplexer")?.hasPrefix("tmux") == true)
        #expect(what([:], "size") == "80x24")
    }

    @Test func aWidthThatDiffersIsNamed() {
        var facts = TerminalFacts(widths: [("漢", 2)])
        #expect(facts.findings.last?.severity == .ok)
        facts.widths.append(("漢", 1))
        #expect(facts.findings.last?.what.contains("漢 is 1, not 2") == true)
    }

    @Test func theCursorIsReadFromBetweenKeys() {
        #expect(TerminalProbe.column(in: Array("abR\u{1b}[12;3R".utf8)) == 3)
        #expect(TerminalProbe.column(in: Array("\u{1b}[12;R".utf8)) == nil)
    }

    @Test func filesThatOthersReachAreNamed() throws {
        let home = try Home()
        let config = try home.write("", to: "config.toml", mode: 0o622)
        #expect(FileFindings.config(config, error: nil).severity == .error)
        try home.write("", to: "config.toml", mode: 0o644)
        #expect(FileFindings.config(config, error: nil).severity == .ok)
        #expect(FileFindings.config(config, error: "x").what == "x")
        let state = StateFolder(path: home.path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: home.path)
        #expect(FileFindings.state(state).severity == .warning)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: home.path)
        #expect(FileFindings.state(state).severity == .ok)
        #expect(FileFindings.state(nil).severity == .warning)
    }

    @Test func whenATokenExpiresIsSaid() {
        func finding(_ seconds: Int, _ source: TokenSource) -> Finding {
            let claims = Data(#"{"exp":\#(1000 + seconds)}"#.utf8).base64EncodedString()
            return FileFindings.token(source, "e30.\(claims).c2ln", now: Date(timeIntervalSince1970: 1000))
        }
        #expect(finding(7200, .environment("x")).what == "from TERMCHAT_TOKEN, expires in 2 hours")
        #expect(finding(60, .environment("x")).severity == .warning)
        #expect(finding(60, .command("x")).severity == .ok)
        #expect(finding(-500, .command("x")).severity == .error)
        #expect(FileFindings.token(.none, nil, now: Date()).severity == .ok)
    }

    @Test func aClockThatIsOffIsNamed() {
        #expect(ServerProbe.clock(difference: -3).severity == .ok)
        #expect(ServerProbe.clock(difference: 400).what == "this machine is 6 minutes ahead of the server")
        #expect(ServerProbe.clock(difference: -400).what.contains("behind"))
        #expect(HTTPTime.date("Sun, 06 Nov 1994 08:49:37 GMT")?.timeIntervalSince1970 == 784_111_777)
        #expect(HTTPTime.date("yesterday") == nil)
    }

    @Test func theWayToAServerIsTimedStepByStep() async throws {
        let server = try await ScriptedServer()
        async let report = probe(server)
        let peer = try await server.accept()
        guard case .hello(let hello) = try await peer.next() else { throw Unexpected() }
        #expect(hello.user == "ann")
        peer.send(.welcome(welcomeFrame()))
        guard case .ping = try await peer.next() else { throw Unexpected() }
        peer.send(.pong(ref: nil))
        let done = await report
        #expect(done.status == .done, "\(done.lines)")
        #expect(Set(done.latency.keys) == ["dns", "tcp", "websocket", "hello", "ping"])
        try await server.stop()
    }

    @Test func aServerThatRefusesIsThereAndNotHealthy() async throws {
        let server = try await ScriptedServer()
        async let report = probe(server)
        let peer = try await server.accept()
        guard case .hello = try await peer.next() else { throw Unexpected() }
        peer.send(.error(errorFrame(.unauthorized)))
        #expect(await report.status == .failed)
        try await server.stop()
    }

    @Test func aServerThatIsAwayIsUnavailable() async throws {
        let server = try await ScriptedServer()
        try await server.stop()
        let report = await probe(server)
        #expect(report.status == .unavailable)
        #expect(report.findings.last?.check == "tcp")
        #expect(report.findings.last?.what == "nobody listens there")
    }

    private func probe(_ server: ScriptedServer) async -> DoctorReport {
        var report = DoctorReport()
        let configuration = ChatSession.Configuration(
            server: .init(host: "127.0.0.1", port: server.port), user: "ann")
        await ServerProbe(configuration: configuration, seconds: 5).run(&report)
        return report
    }
}
