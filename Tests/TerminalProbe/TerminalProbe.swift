import Glibc
import TerminalUI

/// A program with the screen up that leaves it in the way its argument says, for tests on a pseudo-terminal. It draws
/// `up` when it is ready.
@main struct TerminalProbe {
    struct Thrown: Error {}

    static func main() async {
        let mode = CommandLine.arguments.dropFirst().first ?? "return"
        let log = CommandLine.arguments.dropFirst(2).first
        do {
            try await Terminal.run(Terminal.Options(mouse: true, errorLog: log)) { terminal in
                terminal.write(Array("up".utf8))
                try await leave(terminal, mode)
            }
        } catch {
            exit(3)
        }
    }

    static func leave(_ terminal: Terminal, _ mode: String) async throws {
        switch mode {
        case "throw": throw Thrown()
        case "exit": exit(4)
        case "fatal": fatalError("as asked")
        case "segv": UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
        case "abort": abort()
        case "overflow":
            // On this thread, whichever it is.
            terminal.write(Array(" ".utf8))
            exit(Int32(truncatingIfNeeded: depth(of: [1])))
        case "alarm":
            alarm(1)
            while true { pause() }
        case "hang": while true { pause() }
        case "hang on its thread": await withTaskExecutorPreference(terminal.executor) { await hang(terminal) }
        case "close on its thread": await withTaskExecutorPreference(terminal.executor) { terminal.close() }
        case "echo": await echo(terminal)
        default: break
        }
    }

    static func hang(_ terminal: Terminal) async {
        terminal.write(Array(" hangs".utf8))
        while true { pause() }
    }

    /// Never returns; every call needs its own frame.
    static func depth(of numbers: [Int]) -> Int {
        let deeper = depth(of: numbers.map { $0 &+ numbers.count })
        return deeper &+ numbers.count
    }

    /// More than any terminal takes at once.
    static func flood(_ terminal: Terminal) {
        terminal.write(Array(repeating: UInt8(ascii: "~"), count: 1 << 20))
        terminal.write(Array("<backlog \(terminal.backlog > 0)>".utf8))
    }

    /// Draws what it hears, until `q` or a signal to end.
    static func echo(_ terminal: Terminal) async {
        let (events, heard) = AsyncStream<Terminal.Event>.makeStream()
        terminal.deliver { event in
            if let event { heard.yield(event) } else { heard.finish() }
        }
        defer { terminal.stopDelivering() }
        for await event in events {
            switch event {
            case .bytes(let bytes):
                if bytes.contains(UInt8(ascii: "z")) { terminal.suspend() }
                if bytes.contains(UInt8(ascii: "e")) { perror("to the log") }
                if bytes.contains(UInt8(ascii: "f")) { flood(terminal) }
                if bytes.contains(UInt8(ascii: "l")) { await terminal.lend { _ = write(STDOUT_FILENO, "lent", 4) } }
                terminal.write(Array("<\(String(decoding: bytes, as: UTF8.self))>".utf8))
                if bytes.contains(UInt8(ascii: "q")) { return }
            case .resized(let columns, let rows): terminal.write(Array("<\(columns)x\(rows)>".utf8))
            case .continued: terminal.write(Array("<continued>".utf8))
            case .writable: terminal.write(Array("<writable>".utf8))
            case .terminated(let signal):
                terminal.write(Array("<signal \(signal)>".utf8))
                return
            }
        }
        exit(5)
    }
}
