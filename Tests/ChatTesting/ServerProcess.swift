import Foundation

/// One run of redis-server under a guard that kills it when the pipe to this process closes, so that a crash of the
/// tests leaves no server behind.
final class ServerProcess: @unchecked Sendable {
    /// Writes the server's pid, waits for the server, and ends with it. Where standard input ends first, the server is killed.
    private static let script = """
        redis-server "$1" </dev/null >/dev/null 2>&1 &
        server=$!
        echo $server
        exec 3<&0 1>&-
        { read line <&3; kill -KILL $server; } 2>/dev/null &
        guard=$!
        wait $server
        kill $guard 2>/dev/null
        """

    let pid: Int32
    private let shell = Process()
    private let guardPipe = Pipe()

    init(configuration: URL) throws {
        let output = Pipe()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", Self.script, "sh", configuration.path]
        shell.standardInput = guardPipe
        shell.standardOutput = output
        try shell.run()
        let line = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        guard let pid = Int32(line.trimmingCharacters(in: .whitespacesAndNewlines)), pid > 0 else {
            throw LocalRedis.Failure(description: "The shell did not start redis-server.")
        }
        self.pid = pid
    }

    var isRunning: Bool { shell.isRunning }

    /// To the server alone, and only while the shell still waits for it, so that the pid is its own.
    func signal(_ signal: Int32) {
        guard shell.isRunning else { return }
        Foundation.kill(pid, signal)
    }

    func kill() { signal(SIGKILL) }
}

/// Runs a program from the PATH to its end and answers what it wrote to standard output, without the newline at the end.
func runProgram(
    _ name: String, _ arguments: [String], environment: [String: String] = [:], in directory: URL? = nil
) async throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [name] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = directory
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
}
