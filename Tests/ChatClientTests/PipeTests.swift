import ChatTesting
import ChatWire
import Foundation
import NIOCore
import Testing

@testable import ChatClient

/// The built program in shell scripts: pipes, signals, exit statuses.
@Suite(.serialized, .timeLimit(.minutes(1))) struct PipeTests {
    @Test func everyLineOfAPipeIsAMessageAndTheScriptGoesOn() async throws {
        let server = try await ScriptedServer()
        let script = try Script(
            "set -e; printf 'one\\n\\033[31mtwo\\033[0m\\n\\n' | $TERMCHAT send ops; echo sent", server)
        let peer = try await server.accept()
        try await peer.greet()
        for (number, body) in [#""one""#, #""two""#].enumerated() {
            let send = try await peer.nextSend()
            #expect(String(buffer: send.bodyJSON) == body)
            peer.send(.ack(ref: send.ref, room: ops, id: position(number + 1), duplicate: false))
        }
        #expect(try await script.exit() == 0, "\(script.errors)")
        #expect(script.output == "sent\n")
        try await server.stop()
    }

    @Test func aScriptWithSetEStopsWhereAMessageIsRefused() async throws {
        let server = try await ScriptedServer()
        let script = try Script("set -e; echo x | $TERMCHAT send ops; echo never", server)
        let peer = try await server.accept()
        try await peer.greet()
        var error = errorFrame(.invalidBody)
        error.ref = try await peer.nextSend().ref
        peer.send(.error(error))
        #expect(try await script.exit() == ExitStatus.failed.rawValue)
        #expect(script.output.isEmpty)
        try await server.stop()
    }

    @Test func inputThatCannotBeReadFailsTheScript() async throws {
        let server = try await ScriptedServer()
        let script = try Script("$TERMCHAT send ops </tmp", server)
        #expect(try await script.exit() == ExitStatus.failed.rawValue)
        #expect(script.errors == "termchat: The input cannot be read: Is a directory.\n")
        try await server.stop()
    }

    @Test func aLineThatIsTooLongIsRefusedOnceAndTheOthersAreSent() async throws {
        let server = try await ScriptedServer()
        let script = try Script("printf '%070000d\\nshort\\n' 1 | $TERMCHAT send ops", server)
        let peer = try await server.accept()
        try await peer.greet()
        let send = try await peer.nextSend()
        #expect(String(buffer: send.bodyJSON) == #""short""#)
        peer.send(.ack(ref: send.ref, room: ops, id: position(1), duplicate: false))
        #expect(try await script.exit() == ExitStatus.failed.rawValue)
        #expect(script.errors.contains("line 1 is too long: 70000 bytes"))
        #expect(script.errors.contains("1 refused, 1 stored."))
        try await server.stop()
    }

    @Test(arguments: ["x", "-", "é", "./y"]) func aDownloadMayHaveAShortName(name: String) async throws {
        let server = try await FakeFileServer()
        server.add("f1", name: "report.pdf", bytes: [1, 2, 3])
        let command = "$TERMCHAT download ops f1 --output=\(name) --server ws://127.0.0.1:\(server.port)"
        let script = try Script("cd \"$HOME\" && \(command)", nil)
        #expect(try await script.exit() == 0, "\(script.errors)")
        #expect(FileManager.default.contents(atPath: "\(script.home.path)/\(name)") == Data([1, 2, 3]))
        try await server.stop()
    }

    @Test(arguments: ["rooms", "who ops", "tail ops --no-follow", "login </etc/hostname"])
    func whyThereIsNoAnswerIsSaid(command: String) async throws {
        let server = try await ScriptedServer()
        try await server.stop()
        let script = try Script("$TERMCHAT \(command) --timeout 1", server)
        #expect(try await script.exit() == ExitStatus.unavailable.rawValue)
        let words = "No answer from ws://127.0.0.1:\(server.port)/ws: nobody listens there."
        #expect(script.errors.contains(words), "\(script.errors)")
    }

    /// Whoever names a device must not lose it.
    @Test func anOutputThatIsNoRegularFileIsLeftAlone() async throws {
        let script = try Script(
            """
            cd "$HOME" && mkfifo pipe && mkdir folder && ln -s pipe link
            for name in pipe folder link; do
              $TERMCHAT tail ops --server ws://127.0.0.1:1 --no-follow --state $name; echo $?
            done
            ls; [ -p pipe ] && [ -d folder ] && [ -L link ]
            """, nil)
        #expect(try await script.exit() == 0)
        #expect(script.output.split(separator: "\n").prefix(3) == ["2", "2", "2"])
        #expect(script.output.hasSuffix("err\nfolder\nlink\nout\npipe\n"), "\(script.output)")
        #expect(script.errors.contains("pipe is no regular file; name another for --state."))
    }

    /// A line is out as soon as it is said, and a reader that has seen enough is no failure.
    @Test func aTailWhoseReaderLeavesIsDone() async throws {
        let server = try await ScriptedServer()
        let script = try Script("set -o pipefail; $TERMCHAT tail ops --json | head -n 1", server)
        let peer = try await server.accept()
        try await peer.greet([entry(1)], at: 1)
        try await script.prints(#""id":"1-0""#)
        peer.send(.entry(room: ops, entry(2)))
        #expect(try await script.exit() == 0, "\(script.errors)")
        try await server.stop()
    }

    @Test func aTailGoesOnExactlyWhereItWasKilled() async throws {
        let server = try await ScriptedServer()
        let home = try Home()
        let state = home.path + "/tail.json"
        let line = "exec $TERMCHAT tail ops --json --state \(state)"
        let first = try Script(line, server)
        let peer = try await server.accept()
        #expect(try await peer.greetTail([entry(1), entry(2)], at: 2).since == nil)
        peer.send(.entry(room: ops, entry(3)))
        try await first.prints(#""id":"3-0""#)
        try await eventually("the cursor") { try keptCursor(state, server) == position(3) }
        first.signal(SIGKILL)
        _ = try await first.exit()

        let second = try Script(line, server)
        let again = try await server.accept()
        #expect(try await again.greetTail([entry(4)], at: 4).since == position(3))
        try await second.prints(#""id":"4-0""#)
        second.signal(SIGTERM)
        #expect(try await second.exit() == 0)
        #expect(second.output.split(separator: "\n").count == 1)
        #expect(try keptCursor(state, server) == position(4))
        try await server.stop()
    }

    @Test func aQuietRoomIsGoneOnWithToo() async throws {
        let server = try await ScriptedServer()
        let home = try Home()
        let state = home.path + "/tail.json"
        let script = try Script("$TERMCHAT tail ops --no-follow --count 0 --state \(state)", server)
        try await server.accept().greetTail([], at: 7)
        #expect(try await script.exit() == 0, "\(script.errors)")
        #expect(try keptCursor(state, server) == position(7))
        try await server.stop()
    }

    @Test func aGapBehindTheCursorIsStatusFive() async throws {
        let server = try await ScriptedServer()
        let home = try Home()
        var cursors = TailCursors()
        cursors[ServerAddress(host: "127.0.0.1", port: server.port), ops] = position(1)
        let state = try home.write(String(decoding: try cursors.encoded(), as: UTF8.self), to: "tail.json")
        let script = try Script("$TERMCHAT tail ops --json --no-follow --state \(state)", server)
        let peer = try await server.accept()
        guard case .hello = try await peer.next() else { throw Unexpected() }
        peer.send(.welcome(welcomeFrame()))
        guard case .join(let join) = try await peer.next() else { throw Unexpected() }
        #expect(join.since == position(1))
        peer.send(.joined(joinedFrame([entry(5)], at: 5, room: ops, ref: join.ref, complete: false)))
        #expect(try await script.exit() == ExitStatus.gap.rawValue)
        #expect(script.output.contains(#""type":"gap""#))
        #expect(try keptCursor(state, server) == position(5), "what is gone is said once")
        try await server.stop()
    }

    @Test func aTokenOnStandardInputIsKeptAndForgotten() async throws {
        let server = try await ScriptedServer()
        let script = try Script("echo secret | $TERMCHAT login && $TERMCHAT login --forget", server)
        let kept = StateFolder(path: script.home.path + "/.local/state/termchat")
            .token(ServerAddress(host: "127.0.0.1", port: server.port))
        let peer = try await server.accept()
        guard case .hello(let hello) = try await peer.next() else { throw Unexpected() }
        #expect(hello.token == "secret")
        peer.send(.welcome(welcomeFrame()))
        #expect(try await script.exit() == 0, "\(script.errors)")
        #expect(script.errors.contains("as ann") && script.errors.contains("logged out"))
        #expect(!script.errors.contains("secret"))
        #expect(!TokenFile.exists(kept))
        try await server.stop()
    }

    @Test func aRefusedTokenIsNotKept() async throws {
        let server = try await ScriptedServer()
        let script = try Script("echo secret | $TERMCHAT login", server)
        let peer = try await server.accept()
        guard case .hello = try await peer.next() else { throw Unexpected() }
        peer.send(.error(errorFrame(.unauthorized)))
        #expect(try await script.exit() == ExitStatus.notPermitted.rawValue)
        #expect(!FileManager.default.fileExists(atPath: script.home.path + "/.local/state/termchat/tokens"))
        try await server.stop()
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func completionsAreWritten(shell: String) async throws {
        let script = try Script("$TERMCHAT --generate-completion-script \(shell)", nil)
        #expect(try await script.exit() == 0)
        #expect(script.output.contains("doctor"))
    }

    private func keptCursor(_ path: String, _ server: ScriptedServer) throws -> Position? {
        TailCursors(try AtomicFile.read(path, bytesMax: 4096) ?? [])?[
            ServerAddress(host: "127.0.0.1", port: server.port), ops]
    }
}

extension ScriptedPeer {
    /// Answers `hello` and one `join`.
    @discardableResult
    fileprivate func greetTail(_ messages: [Entry], at last: Int) async throws -> ClientFrame.Join {
        guard case .hello = try await next() else { throw Unexpected() }
        send(.welcome(welcomeFrame()))
        return try await answerJoin(messages, at: last)
    }
}

/// A script of bash that runs; `$TERMCHAT` in it is the built program, which has a home of its own.
private final class Script: Sendable {
    let home: Home
    private let process: Process
    private let ended: AsyncStream<Int32>

    init(_ text: String, _ server: ScriptedServer?) throws {
        let home = try Home()
        self.home = home
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", text]
        var environment = home.environment.merging(ChildProcess.sanitizerOptions) { mine, _ in mine }
        environment["TERMCHAT"] = try Self.program()
        environment["TERMCHAT_USER"] = "ann"
        if let server { environment["TERMCHAT_SERVER"] = "ws://127.0.0.1:\(server.port)" }
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(home.path + "/out")
        process.standardError = try Self.file(home.path + "/err")
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            continuation.yield($0.terminationStatus)
            continuation.finish()
        }
        ended = stream
        self.process = process
        try process.run()
    }

    deinit {
        guard process.isRunning else { return }
        let family = [process.processIdentifier] + ProcessFamily.descendants(of: process.processIdentifier)
        for member in family { kill(member, SIGKILL) }
    }

    var output: String { read("out") }
    var errors: String { read("err") }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    func exit() async throws -> Int32 {
        try await within("the script's end") { [ended] in
            for await status in ended { return status }
            return nil
        }
    }

    func prints(_ text: String) async throws {
        try await eventually("\(text) in \(output)") { output.contains(text) }
    }

    private func read(_ name: String) -> String {
        (try? String(contentsOfFile: "\(home.path)/\(name)", encoding: .utf8)) ?? ""
    }

    private static func file(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    /// Built with the tests, beside them.
    private static func program() throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("termchat").path
    }
}

/// Looks at a fact until it is one, at most ten seconds.
private func eventually(_ what: String, _ isFact: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try !isFact() {
        guard ContinuousClock.now < deadline else { throw Late(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
