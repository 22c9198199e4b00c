import NIOConcurrencyHelpers
import NIOPosix
import ServerKit

#if canImport(Glibc)
import Glibc
#endif

/// Asks the operator's program whether a file may enter its room (`--scan`).
///
/// Programs wait on threads of their own: one that hangs must not keep the volume from anyone.
struct Scanner: Sendable {
    /// The program said nothing that counts; the file waits for the next try.
    struct Unanswered: Error, CustomStringConvertible {
        var description: String
    }

    private struct Runs {
        var running: [ObjectIdentifier: ScanRun] = [:]
        var isStopping = false
    }

    private let program: String
    /// The volume, absolute.
    private let root: String
    private let timeout: Duration
    private let pool: NIOThreadPool
    private let threads: DiskThreads
    private let runs = NIOLockedValueBox(Runs())

    /// - Throws: ``ProcessFailure`` `.usage` where there is no such program.
    init(program: String, timeout: Duration, volume: String) throws {
        guard program.hasPrefix("/"), access(program, X_OK) == 0 else {
            throw ProcessFailure(.usage, "--scan: '\(program)' must be the absolute path of a program.")
        }
        self.program = program
        self.timeout = timeout
        root = Self.absolute(volume)
        pool = NIOThreadPool(numberOfThreads: UploadLimits.scansMax)
        pool.start()
        threads = DiskThreads(pool: pool)
    }

    private static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// Whether a sealed file may be told to its room. A cancelled task ends the program.
    /// - Throws: ``Unanswered``.
    func accepts(_ id: UploadID, _ file: StoredFile) async throws -> Bool {
        let run = ScanRun(
            [program, "\(root)/\(Layout.sealed(id))"],
            environment: [
                // Nothing else of the worker's, which may have passwords.
                "PATH=" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"),
                "FILE_ROOM=" + file.room, "FILE_USER=" + file.user, "FILE_NAME=" + file.name,
                "FILE_MEDIA_TYPE=" + file.mediaType, "FILE_SHA256=" + file.sha256, "FILE_BYTES=\(file.bytes)",
            ])
        runs.withLockedValue { runs in
            runs.running[ObjectIdentifier(run)] = run
            if runs.isStopping { run.cancel() }
        }
        defer { runs.withLockedValue { $0.running[ObjectIdentifier(run)] = nil } }
        let ended = try await withTaskCancellationHandler {
            try await threads.run { [timeout] in try run.ended(within: timeout) }
        } onCancel: {
            run.cancel()
        }
        switch ended {
        case .exited(0): return true
        case .exited(1): return false
        case .exited, .killed, .late: throw Unanswered(description: "the scan \(ended)")
        }
    }

    /// The worker stops: whoever waits for a program is told so.
    func cancel() {
        runs.withLockedValue { runs in
            runs.isStopping = true
            for run in runs.running.values { run.cancel() }
        }
    }

    func stop() async {
        try? await pool.shutdownGracefully()
    }
}
