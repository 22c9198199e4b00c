import ArgumentParser
import Foundation
import NIOCore

/// Shows how a transfer goes on standard error, as a bar for people or as lines of JSON for programs.
actor ProgressDisplay {
    enum Mode: String, Sendable, CaseIterable, ExpressibleByArgument {
        case bar
        case json
        case none
    }

    private let mode: Mode
    /// Hears what is shown, for a surface of its own.
    private let observer: (@Sendable (TransferProgress, _ note: String?) -> Void)?
    private let output: LineOutput
    private let lines = LineOutput(output: STDERR_FILENO, canRewrite: false)
    private let width: @Sendable () -> Int
    private var progress: TransferProgress?
    private var shownAt: NIODeadline?
    /// What holds it up, or what is done instead of moving bytes.
    private(set) var lastNote: String?

    private var isKept = false

    /// What to tell the user who interrupts it.
    var whatIsKept: String {
        guard let progress else { return "Stopped." }
        let stopped = "Stopped after \(TransferProgress.size(progress.bytes))"
        return isKept ? "\(stopped); the same command goes on from there." : "\(stopped)."
    }

    /// Between two pictures.
    private static let interval = TimeAmount.milliseconds(100)

    init(mode: Mode, output: LineOutput, width: @escaping @Sendable () -> Int = ProgressDisplay.terminalWidth) {
        self.mode = mode
        self.output = output
        self.width = width
        observer = nil
    }

    /// Writes nothing.
    init(observer: @escaping @Sendable (TransferProgress, _ note: String?) -> Void) {
        mode = .none
        output = LineOutput()
        width = { 80 }
        self.observer = observer
    }

    var bytes: Int64 { progress?.bytes ?? 0 }

    /// - Parameter isKept: whether a later run can go on with it.
    func begin(_ name: String, total: Int64, isKept: Bool = true) async {
        self.isKept = isKept
        progress = TransferProgress(name: name, total: total, at: .now())
        lastNote = nil
        await show(.now())
    }

    func moved(to bytes: Int64, isResumption: Bool = false) async {
        let now = NIODeadline.now()
        progress?.moved(to: bytes, isResumption: isResumption, at: now)
        if !isResumption, lastNote != nil { lastNote = nil }
        if let shownAt, now - shownAt < Self.interval { return }
        await show(now)
    }

    func note(_ text: String) async {
        guard lastNote != text else { return }
        lastNote = text
        await show(.now())
    }

    /// Shows the last state as lasting, or takes the bar away.
    func end() async {
        if mode == .json || observer != nil { await show(.now()) }
        await output.setStatus(nil)
        progress = nil
        shownAt = nil
    }

    private func show(_ now: NIODeadline) async {
        guard let progress else { return }
        shownAt = now
        observer?(progress, lastNote)
        switch mode {
        case .none: return
        case .bar: await output.setStatus(progress.line(width: width(), note: lastNote))
        case .json:
            guard let line = try? JSONDocument.encode(Report(progress, note: lastNote)) else { return }
            try? await lines.print(line)
        }
    }

    private struct Report: Encodable {
        var type = "progress"
        var file: String
        var bytes: Int64
        var total: Int64
        var bytes_per_second: Int64?
        var seconds_left: Int64?
        var note: String?

        init(_ progress: TransferProgress, note: String?) {
            file = progress.name
            bytes = progress.bytes
            total = progress.total
            bytes_per_second = progress.rate.map { Int64($0) }
            seconds_left = progress.secondsLeft
            self.note = note
        }
    }

    @Sendable static func terminalWidth() -> Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
