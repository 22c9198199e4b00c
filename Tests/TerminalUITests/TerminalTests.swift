import Foundation
import Glibc
import Testing

@testable import TerminalUI

/// The real program on a pseudo-terminal: however it ends, the terminal is as it was.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TerminalTests {
    private static let probe = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "terminal-probe").path

    private static let screenOff = "\u{1b}[?1049l"

    /// The program with its screen up.
    private func started(
        _ mode: String, log: String? = nil, backtrace: String = "enable=no"
    ) throws -> (terminal: PseudoTerminal, modes: [UInt32]) {
        let terminal = try PseudoTerminal()
        let modes = terminal.modes
        try terminal.run(Self.probe, [mode] + (log.map { [$0] } ?? []), backtrace: backtrace)
        try terminal.wait(for: "up")
        return (terminal, modes)
    }

    private func expectRestored(_ terminal: PseudoTerminal, _ modes: [UInt32]) {
        #expect(terminal.modes == modes)
        #expect(terminal.text.contains("\u{1b}[?1049h"))
        #expect(terminal.text.contains(Self.screenOff))
        for mode in ["1002", "1006", "1004", "2004"] { #expect(terminal.text.contains("\u{1b}[?\(mode)l")) }
        #expect(terminal.text.contains("\u{1b}[?25h"))
    }

    @Test(
        arguments: [
            ("return", 0), ("throw", 3 << 8), ("exit", 4 << 8), ("fatal", SIGILL), ("segv", SIGSEGV),
            ("abort", SIGABRT), ("overflow", SIGSEGV), ("close on its thread", 0),
        ] as [(String, Int32)])
    func theTerminalIsRestoredWhereTheProgramLeavesBy(_ mode: String, _ status: Int32) throws {
        let (terminal, modes) = try started(mode)
        let end = try terminal.waitForEnd()
        #if arch(x86_64)
        // Without the bit for a core dump.
        #expect(end & ~0x80 == status)
        #endif
        expectRestored(terminal, modes)
    }

    /// A crash that was only sent ends the program too, though Swift's backtracer waits for it to come again.
    /// A sanitizer ends it before, at the backtracer's look at the stacks.
    @Test(
        .enabled(if: ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil),
        arguments: [SIGSEGV, SIGABRT, SIGQUIT])
    func theTerminalIsRestoredWhereACrashIsDescribed(_ signal: Int32) throws {
        let (terminal, modes) = try started("hang", backtrace: "enable=yes,interactive=no,threads=crashed,unwind=fast")
        terminal.send(signal)
        #expect(try terminal.waitForEnd() & 0x7f == signal)
        expectRestored(terminal, modes)
        #expect(terminal.text.contains("Program crashed"))
    }

    /// A program that does not look at its events still ends by the second signal.
    @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
    func theTerminalIsRestoredWhereTheProgramHangsAt(_ signal: Int32) throws {
        let (terminal, modes) = try started("hang")
        #expect(terminal.modes != modes)
        terminal.send(signal)
        terminal.send(SIGQUIT)
        #expect([SIGQUIT, signal].contains(try terminal.waitForEnd() & 0x7f))
        expectRestored(terminal, modes)
    }

    /// The kernel sends it, and nothing is tried again.
    @Test func theTerminalIsRestoredWhereAnAlarmEndsTheProgram() throws {
        let (terminal, modes) = try started("alarm")
        #expect(try terminal.waitForEnd() & 0x7f == SIGALRM)
        expectRestored(terminal, modes)
    }

    /// Nor does one that hangs in a task of the terminal's thread stay when its time to leave is over.
    @Test func aProgramThatDoesNotLeaveEndsByTheSignalThatAskedForIt() throws {
        let (terminal, modes) = try started("hang on its thread")
        try terminal.wait(for: "hangs")
        terminal.send(SIGTERM)
        #expect(try terminal.waitForEnd() & 0x7f == SIGTERM)
        expectRestored(terminal, modes)
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
    func theProgramIsToldToLeaveBy(_ signal: Int32) throws {
        let (terminal, modes) = try started("echo")
        terminal.send(signal)
        #expect(try terminal.waitForEnd() == 0)
        #expect(terminal.text.contains("<signal \(signal)>"))
        expectRestored(terminal, modes)
    }

    @Test func aStoppedProgramGivesTheShellItsTerminalAndTakesItAgain() throws {
        let terminal = try PseudoTerminal()
        let modes = terminal.modes
        try terminal.run("/bin/sh", ["-i"])
        terminal.type("\(Self.probe) echo\n")
        try terminal.wait(for: "up")
        let raw = terminal.modes
        terminal.type("z")
        try terminal.wait(for: "Stopped")
        expectRestored(terminal, modes)
        // In the background it stops again, and leaves the terminal alone.
        terminal.type("bg; echo the'' shell\n")
        try terminal.wait(for: "the shell")
        // Until it has: `fg` would meet it on its way there.
        for round in 1...500 where terminal.text.components(separatedBy: "Stopped").count < 3 {
            terminal.type("jobs; echo the'' jobs \(round)\n")
            try terminal.wait(for: "the jobs \(round)")
        }
        #expect(terminal.modes == modes)
        terminal.type("fg\n")
        try terminal.wait(for: "<continued>")
        #expect(terminal.modes == raw)
        terminal.type("q")
        try terminal.wait(for: Self.screenOff, times: 2)
        terminal.type("exit\n")
        _ = try terminal.waitForEnd()
        #expect(terminal.modes == modes)
    }

    @Test func aFrozenProgramTakesTheTerminalAgain() throws {
        let (terminal, modes) = try started("echo")
        terminal.send(SIGSTOP)
        try terminal.waitForStop()
        terminal.resize(100, 30)
        terminal.send(SIGCONT)
        try terminal.wait(for: "<100x30><continued>")
        #expect(terminal.modes != modes)
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
        expectRestored(terminal, modes)
    }

    /// As a session's leader it has no shell that could continue it.
    @Test func aStopThatNobodyCouldEndIsNone() throws {
        let (terminal, modes) = try started("echo")
        terminal.send(SIGTSTP)
        try terminal.wait(for: "<continued>")
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
        expectRestored(terminal, modes)
    }

    /// As a session's leader there is no shell behind that could continue it.
    @Test func aProgramWithoutAShellDoesNotSuspendItself() throws {
        let (terminal, _) = try started("echo")
        terminal.type("z")
        try terminal.wait(for: "<z>")
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
    }

    /// A script's shell waits for it, and has no jobs: the keys behind are typed on the screen, which stays up.
    @Test func aProgramOfAScriptDoesNotSuspendItself() throws {
        let terminal = try PseudoTerminal()
        try terminal.run("/bin/sh", ["-c", "\(Self.probe) echo; echo over"])
        try terminal.wait(for: "up")
        terminal.type("z")
        try terminal.wait(for: "<z>")
        terminal.type("q")
        try terminal.wait(for: "over")
        #expect(try terminal.waitForEnd() == 0)
        #expect(!terminal.text.contains("<continued>"))
        #expect(terminal.text.components(separatedBy: Self.screenOff).count == 2, "it was torn down once, at the end")
    }

    @Test func inputAndSizeComeAsEvents() throws {
        let (terminal, modes) = try started("echo")
        terminal.type("x\u{3}\u{1a}\r")
        try terminal.wait(for: "\u{3}")
        try terminal.wait(for: "\r>")
        terminal.resize(100, 30)
        try terminal.wait(for: "<100x30>")
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
        expectRestored(terminal, modes)
    }

    @Test func aLentTerminalIsAsItWas() throws {
        let (terminal, modes) = try started("echo")
        terminal.type("l")
        try terminal.wait(for: "<continued>")
        let text = terminal.text
        let off = try #require(text.range(of: Self.screenOff))
        let lent = try #require(text.range(of: "lent"))
        #expect(off.upperBound <= lent.lowerBound)
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
        #expect(terminal.modes == modes)
    }

    @Test func whatATerminalDoesNotTakeNowItGetsLater() throws {
        let (terminal, modes) = try started("echo")
        terminal.type("f")
        try terminal.wait(for: "<writable>")
        #expect(terminal.text.contains("<backlog true>"))
        #expect(terminal.output.count { $0 == UInt8(ascii: "~") } == 1 << 20)
        terminal.type("q")
        #expect(try terminal.waitForEnd() == 0)
        expectRestored(terminal, modes)
    }

    @Test func aTerminalThatTakesNothingKeepsNobody() throws {
        let (terminal, modes) = try started("echo")
        terminal.type("fq")
        #expect(try terminal.waitForEnd(reading: false) == 0)
        #expect(terminal.modes == modes)
    }

    @Test func errorsGoToTheLogWhileTheScreenIsUp() throws {
        let log = FileManager.default.temporaryDirectory.appending(path: "termchat-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: log) }
        let (terminal, _) = try started("echo", log: log)
        terminal.type("eq")
        #expect(try terminal.waitForEnd() == 0)
        #expect(!terminal.text.contains("to the log"))
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("to the log"))
    }

    @Test func titlesAndNotificationsHoldNoSequences() {
        let bad = "a\u{1b}]0;x\u{7}\u{9c}\u{202e};b"
        for bytes in [
            TerminalSequence.title(bad), TerminalSequence.notification(title: bad, body: bad, as: .plain),
            TerminalSequence.notification(title: bad, body: bad, as: .titled),
        ] {
            let inner = String(decoding: bytes, as: UTF8.self).dropFirst(2).dropLast(2)
            #expect(inner.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            #expect(!inner.unicodeScalars.contains("\u{202e}"))
        }
        let command = TerminalSequence.notification(title: "4;1;50", body: "x", as: .plain)
        #expect(command == Array("\u{1b}]9; 4;1;50: x\u{1b}\\".utf8))
    }

    @Test func aTerminalIsNotifiedInOneWay() {
        #expect(TerminalSequence.NotificationKind(environment: ["TERM_PROGRAM": "iTerm.app"]) == .plain)
        #expect(TerminalSequence.NotificationKind(environment: ["WT_SESSION": "1"]) == .plain)
        #expect(TerminalSequence.NotificationKind(environment: ["TERM": "xterm-kitty"]) == .titled)
    }
}
