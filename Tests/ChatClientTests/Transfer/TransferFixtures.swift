import Foundation
import NIOCore

@testable import ChatClient

/// A folder of a test's own, which goes with it.
final class Workplace: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/termchat-transfer-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }

    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map { Array($0) } }

    /// Names in the folder, sorted.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

/// Bytes that a digest would not take for others.
func sampleBytes(_ count: Int) -> [UInt8] {
    var value: UInt32 = 7
    return (0..<count).map { _ in
        value = value &* 1_664_525 &+ 1_013_904_223
        return UInt8(truncatingIfNeeded: value >> 24)
    }
}

extension FakeFileServer {
    func client(user: String = "ann") throws -> FileServer {
        try FileServer(ChatSession.Configuration(server: ServerAddress(host: "127.0.0.1", port: port), user: user))
    }
}

let quiet = ProgressDisplay(mode: .none, output: LineOutput(canRewrite: false))

extension UploadRun {
    /// An upload of the file to `ops`, kept in the workplace.
    init(_ server: FakeFileServer, _ path: String, in place: Workplace?, patience: TimeAmount = .seconds(10)) throws {
        let file = try SourceFile(path: path)
        let key = TransferRecord.Key(server: "s", room: "ops", user: "ann", file: file.identity)
        self.init(
            server: try server.client(), room: ops, file: file,
            record: TransferRecord(key, folder: place?.path), display: quiet, patience: patience)
    }
}
