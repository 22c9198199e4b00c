import Foundation
import TerminalUI

/// A picture as characters, made by the program `chafa` where it is installed. Characters work in every terminal, through
/// tmux and ssh, and weigh a thirtieth of what the terminals' own picture protocols do.
struct PicturePreview: Sendable {
    let columns: Int
    let rows: Int
    var hasColors = true
    /// Nothing but ASCII can be drawn.
    var isASCII = false

    /// Longer answers are no picture.
    private static let bytesMax = 1 << 20

    /// - Parameter path: where the picture is; links are not looked at.
    /// - Returns: nil where it is no picture, or nobody can draw it.
    func lines(of path: String) async -> [[Span]]? {
        guard !ChatModel.isLink(path[...]), let bytes = await output(of: path), bytes.count <= Self.bytesMax else {
            return nil
        }
        let lines = Self.spans(String(decoding: bytes, as: UTF8.self))
        return lines.isEmpty ? nil : lines
    }

    private func output(of path: String) async -> [UInt8]? {
        await Subprogram.output(of: "chafa", options + ["--", path])
    }

    var options: [String] {
        let colors = hasColors ? "256" : "none"
        // Blanks of a colour become blocks, see below, so that there must be none.
        let symbols = isASCII ? ["--symbols", "ascii", "--fg-only"] : []
        return ["--format", "symbols", "--colors", colors, "--animate", "off", "--size", "\(columns)x\(rows)"] + symbols
    }

    /// Blanks at the ends of a line are worth nothing to a log, and here they are a part of the picture: those of a
    /// colour become blocks of it.
    ///
    /// Text with colours of `SGR 38;5;n`, `48;5;n`, `7`, `0`; every other sequence is left out.
    static func spans(_ text: String) -> [[Span]] {
        var lines: [[Span]] = []
        var style = Style.plain
        for row in text.split(separator: "\n") {
            var line: [Span] = []
            for (number, piece) in row.split(separator: "\u{1b}[", omittingEmptySubsequences: false).enumerated() {
                var visible = piece
                if number > 0 {
                    guard let end = piece.firstIndex(where: { $0.isLetter }) else { continue }
                    if piece[end] == "m" { style = Self.style(style, after: piece[..<end]) }
                    visible = piece[piece.index(after: end)...]
                }
                line += spans(visible, style)
            }
            if !line.isEmpty { lines.append(line) }
        }
        return lines
    }

    private static func spans(_ text: Substring, _ style: Style) -> [Span] {
        let isReversed = style.attributes.contains(.reverse)
        let paper = isReversed ? style.foreground : style.background
        guard paper != .standard, text.contains(" ") else { return text.isEmpty ? [] : [Span(String(text), style)] }
        var block = Style.plain
        block.foreground = paper
        var spans: [Span] = []
        var rest = text
        while let first = rest.first {
            let piece = rest.prefix { ($0 == " ") == (first == " ") }
            let isBlank = first == " "
            let drawn = isBlank ? String(repeating: "█", count: piece.count) : String(piece)
            spans.append(Span(drawn, isBlank ? block : style))
            rest = rest.dropFirst(piece.count)
        }
        return spans
    }

    private static func style(_ style: Style, after parameters: Substring) -> Style {
        var style = style
        var numbers = parameters.split(separator: ";").map { Int($0) ?? 0 }[...]
        if numbers.isEmpty { return .plain }
        while let number = numbers.popFirst() {
            switch number {
            case 0: style = .plain
            case 7: style.attributes.insert(.reverse)
            case 38, 48:
                guard numbers.popFirst() == 5, let index = numbers.popFirst().flatMap({ UInt8(exactly: $0) }) else {
                    return style
                }
                if number == 38 { style.foreground = .indexed(index) } else { style.background = .indexed(index) }
            default: break
            }
        }
        return style
    }
}

/// The desktop's program for a file or an address.
enum Opener {
    /// - Returns: whether there is one that took it.
    static func open(
        _ target: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) async -> Bool {
        // Without a desktop xdg-open starts programs in this terminal.
        guard environment["DISPLAY"] != nil || environment["WAYLAND_DISPLAY"] != nil else { return false }
        return await Subprogram.output(of: "xdg-open", [target]) != nil
    }
}

/// A program that is run for its output.
enum Subprogram {
    /// Longer output is cut, and what writes it ends for want of a reader.
    static let bytesMax = 2 << 20

    /// Returns when it has ended. Where the task is cancelled it is told to end.
    /// - Returns: what it wrote; nil where it is not there or failed.
    static func output(of program: String, _ arguments: [String]) async -> [UInt8]? {
        let env = "/usr/bin/env"
        guard let (process, output) = ChildProgram.startForOutput(env, [env, program] + arguments, hidesErrors: true)
        else { return nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: reading waits for the program.
                Thread.detachNewThread {
                    let bytes = read(output)
                    close(output)
                    var status: CInt = 0
                    while waitpid(process, &status, 0) < 0, errno == EINTR {}
                    continuation.resume(returning: status == 0 ? bytes : nil)
                }
            }
        } onCancel: {
            kill(process, SIGTERM)
        }
    }

    private static func read(_ output: CInt) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count < bytesMax {
            let count = Glibc.read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return bytes
    }
}
