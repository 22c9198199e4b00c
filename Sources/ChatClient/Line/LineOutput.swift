import ChatWire
import Foundation
import NIOCore

/// Standard output and error of a line-by-line command: whole lines, written at once.
///
/// On a terminal one status line may stand below the others and is rewritten in place.
actor LineOutput {
    /// The reader of standard output is gone.
    struct Closed: Error {}

    private let output: CInt
    private let errors: CInt
    /// Standard error is a terminal that can move the cursor.
    private let canRewrite: Bool
    private var status: String?

    init(output: CInt = STDOUT_FILENO, errors: CInt = STDERR_FILENO, canRewrite: Bool = LineOutput.isRewritable) {
        self.output = output
        self.errors = errors
        self.canRewrite = canRewrite
    }

    /// - Throws: ``Closed``; ``CommandFailure`` where the line could not be written, because a disk is full or the like.
    func print(_ line: String) throws {
        eraseStatus()
        try Self.write(line + "\n", to: output)
        drawStatus()
    }

    /// What it says bears no style, so the one filter is here once more, for errors that somebody forgot.
    func say(_ line: String) {
        eraseStatus()
        try? Self.write("termchat: \(VisibleText(line, newlines: .kept).value)\n", to: errors)
        drawStatus()
    }

    /// Shows, changes or removes the status line; nothing where it cannot be rewritten.
    func setStatus(_ text: String?) {
        let visible = text.map { VisibleText($0).value }
        guard canRewrite, visible != status else { return }
        eraseStatus()
        status = visible
        drawStatus()
    }

    var canShowStatus: Bool { canRewrite }

    private func eraseStatus() {
        if status != nil { try? Self.write("\r\u{1b}[K", to: errors) }
    }

    private func drawStatus() {
        if let status { try? Self.write(status, to: errors) }
    }

    static var isRewritable: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"].map { $0 != "dumb" } ?? false
    }

    /// Whether lines on standard output may be coloured (https://no-color.org).
    static var mayColor: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    private static func write(_ text: String, to descriptor: CInt) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&waiting, 1, -1)
            } else if errno == EPIPE {
                throw Closed()
            } else if errno != EINTR {
                throw CommandFailure(.failed, "Cannot write the output: \(String(cString: strerror(errno))).")
            }
        }
    }
}
