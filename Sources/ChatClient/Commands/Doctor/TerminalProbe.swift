import Foundation
import TerminalUI

/// Looks at the terminal this process runs in. Asks the terminal itself only where it is the foreground process there.
enum TerminalProbe {
    static func facts(environment: [String: String]) -> TerminalFacts {
        var facts = TerminalFacts(environment: environment)
        facts.inputIsTerminal = isatty(STDIN_FILENO) == 1
        facts.outputIsTerminal = isatty(STDOUT_FILENO) == 1
        let descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { return facts }
        defer { close(descriptor) }
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 {
            facts.size = (Int(size.ws_col), Int(size.ws_row))
        }
        let terminal = environment["TERM"] ?? ""
        // From the background a change of its settings would stop the process.
        guard !terminal.isEmpty, terminal != "dumb", tcgetpgrp(descriptor) == getpgrp() else { return facts }
        measure(descriptor, &facts)
        return facts
    }

    /// Draws each cluster at the left margin, asks for the cursor, and wipes the line.
    private static func measure(_ descriptor: CInt, _ facts: inout TerminalFacts) {
        let modes = BorrowedModes(descriptor: descriptor) { $0.c_lflag &= ~tcflag_t(ICANON | ECHO) }
        guard let modes else { return }
        defer {
            write(descriptor, "\r\u{1b}[K")
            // What came late is not for the shell.
            modes.end(discardsInput: true)
        }
        let deadline = ContinuousClock.now + .milliseconds(Self.millisecondsMax)
        for cluster in TerminalFacts.clusters {
            write(descriptor, "\r\u{1b}[K\(cluster)\u{1b}[6n")
            guard let column = cursorColumn(descriptor, until: deadline) else {
                facts.isSilent = facts.widths.isEmpty
                return
            }
            facts.widths.append((cluster, column - 1))
        }
    }

    /// From `ESC [ row ; column R`, whatever keys were pressed before it.
    private static func cursorColumn(_ descriptor: CInt, until deadline: ContinuousClock.Instant) -> Int? {
        var bytes: [UInt8] = []
        while bytes.count < 256 {
            let left = (deadline - ContinuousClock.now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = milliseconds > 0 ? poll(&waiting, 1, CInt(milliseconds)) : 0
            // Stopped and continued.
            if ready < 0, errno == EINTR { continue }
            var byte: UInt8 = 0
            guard ready > 0, read(descriptor, &byte, 1) == 1 else { return nil }
            bytes.append(byte)
            if byte == UInt8(ascii: "R"), let column = column(in: bytes) { return column }
        }
        return nil
    }

    static func column(in answer: [UInt8]) -> Int? {
        let text = String(decoding: answer, as: UTF8.self)
        return text.firstMatch(of: /\u{1b}\[[0-9]{1,5};([0-9]{1,5})R/).flatMap { Int($0.1) }
    }

    private static func write(_ descriptor: CInt, _ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }

    /// For all clusters together: a terminal behind a slow line answers within it, and one that never does costs no more.
    private static let millisecondsMax = 1000
}
