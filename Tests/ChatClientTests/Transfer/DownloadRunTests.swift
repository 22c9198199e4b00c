import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import ChatClient

@Suite(.timeLimit(.minutes(1))) struct DownloadRunTests {
    private struct Setting {
        let place: Workplace
        let server: FakeFileServer
        let bytes = sampleBytes(2 * TransferLimits.batchBytes + 99)

        init() async throws {
            place = try Workplace()
            server = try await FakeFileServer()
            server.add("f1", name: "report.pdf", bytes: bytes)
        }

        func download(_ text: String = "report.pdf", patience: TimeAmount = .seconds(10)) async throws -> SavedFile {
            try await DownloadRun(server: try server.client(), room: ops, display: quiet, patience: patience)
                .run(text, output: place.path)
        }
    }

    @Test func aFileIsSavedUnderItsName() async throws {
        let setting = try await Setting()
        let saved = try await setting.download()
        #expect(saved.path == setting.place.path + "/report.pdf" && saved.file_id == "f1")
        #expect(setting.place.read("report.pdf") == setting.bytes)
        #expect(try setting.place.names == ["report.pdf"])
    }

    @Test func nothingIsOverwritten() async throws {
        let setting = try await Setting()
        try setting.place.write("report.pdf", [1])
        try setting.place.write("report (1).pdf", [2])
        #expect(try await setting.download().path.hasSuffix("/report (2).pdf"))
        #expect(setting.place.read("report.pdf") == [1])
        #expect(setting.place.read("report (2).pdf") == setting.bytes)
    }

    @Test func whatIsNoRegularFileIsNotSavedTo() async throws {
        let setting = try await Setting()
        let pipe = setting.place.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let run = DownloadRun(
            server: try setting.server.client(), room: ops, display: quiet, patience: .seconds(10))
        let failure = await #expect(throws: CommandFailure.self) { try await run.run("f1", output: pipe) }
        #expect(failure?.status == .usage)
        #expect(try setting.place.names == ["pipe"])
    }

    @Test func aPartOnTheDiskIsGoneOnWith() async throws {
        let setting = try await Setting()
        let first = try await setting.download()
        #expect(first.size == Int64(setting.bytes.count))
        try FileManager.default.removeItem(atPath: first.path)
        let part = "report.pdf.\(first.sha256.prefix(12)).part"
        try setting.place.write(part, Array(setting.bytes.prefix(400_000)))
        _ = try await setting.download()
        #expect(setting.place.read("report.pdf") == setting.bytes)
        let last = setting.server.requests(.GET).last
        #expect(last?.headers.first(name: "Range") == "bytes=400000-")
        #expect(last?.headers.first(name: "If-Range") == "\"\(first.sha256)\"")
        #expect(try setting.place.names == ["report.pdf"])
    }

    @Test func anAnswerThatBreaksOffIsGoneOnWith() async throws {
        let setting = try await Setting()
        setting.server.next(.GET, .cutAnswer(after: 300_000), at: "/api/files/")
        setting.server.next(.GET, .cutAnswer(after: 1), at: "/api/files/")
        setting.server.next(.GET, .status(503, ["Retry-After": "0"]), at: "/rooms/")
        _ = try await setting.download()
        #expect(setting.place.read("report.pdf") == setting.bytes)
        let ranges = setting.server.requests(.GET).compactMap { $0.headers.first(name: "Range") }
        #expect(ranges == ["bytes=300000-", "bytes=300001-"])
    }

    @Test func aPartOfNoUseIsBegunAnew() async throws {
        let setting = try await Setting()
        let sha256 = try #require(setting.server.files.first?.sha256)
        try setting.place.write("report.pdf.\(sha256.prefix(12)).part", sampleBytes(setting.bytes.count + 1))
        _ = try await setting.download()
        #expect(setting.place.read("report.pdf") == setting.bytes)
    }

    @Test func aPartOfOtherBytesIsNotKept() async throws {
        let setting = try await Setting()
        let sha256 = try #require(setting.server.files.first?.sha256)
        try setting.place.write("report.pdf.\(sha256.prefix(12)).part", [1, 2, 3])
        await #expect(throws: CommandFailure.self) { try await setting.download() }
        #expect(try setting.place.names == [])
        _ = try await setting.download()
        #expect(setting.place.read("report.pdf") == setting.bytes)
    }

    @Test func bytesThatChangeOnTheWayAreNotKept() async throws {
        let setting = try await Setting()
        setting.server.next(.GET, .lie, at: "/api/files/")
        await #expect(throws: CommandFailure.self) { try await setting.download() }
        #expect(try setting.place.names == [])
    }

    @Test func theNewestOfTheNameIsFoundPagesBack() async throws {
        let setting = try await Setting()
        setting.server.add("f2", name: "report.pdf", bytes: [2])
        for number in 0..<5 { setting.server.add("x\(number)", name: "other", bytes: [0]) }
        #expect(try await setting.download().file_id == "f2")
        #expect(try await setting.download("f1").file_id == "f1")
        await #expect(throws: CommandFailure(.failed, "There is no file 'nothing' in ops.")) {
            try await setting.download("nothing")
        }
    }

    @Test(arguments: [
        ("../../etc/passwd", "passwd"), (".bashrc", "_bashrc"), ("-rf", "_rf"), ("a\u{202e}b", "ab"),
        (String(repeating: "x", count: 300) + ".txt", String(repeating: "x", count: 251) + ".txt"),
    ])
    func aNameFromTheServerStaysInTheFolder(name: String, saved: String) async throws {
        let setting = try await Setting()
        setting.server.add("f2", name: name, bytes: [1, 2])
        #expect(try await setting.download("f2").path == setting.place.path + "/" + saved)
        #expect(try setting.place.names == [saved])
    }

    @Test func anEmptyFileIsSaved() async throws {
        let setting = try await Setting()
        setting.server.add("f2", name: "empty", bytes: [])
        #expect(try await setting.download("f2").size == 0)
        #expect(setting.place.read("empty") == [])
    }

    @Test func aFileThatIsGoneOrForbiddenEndsIt() async throws {
        let setting = try await Setting()
        setting.server.next(.GET, .status(403))
        await #expect(throws: CommandFailure(.notPermitted, "Scripted 403.")) { try await setting.download() }
        try await setting.server.stop()
        await #expect(throws: CommandFailure(.unavailable, "nobody listens there")) {
            try await setting.download(patience: .milliseconds(300))
        }
    }

    @Test func namesAreNumberedBeforeTheirExtension() {
        #expect(DestinationFile.numbered("a.tar.gz", 2) == "a.tar (2).gz")
        #expect(DestinationFile.numbered("Makefile", 1) == "Makefile (1)")
        #expect(DestinationFile.numbered(".x", 1) == ".x (1)")
        let long = DestinationFile.numbered(String(repeating: "ä", count: 125) + ".txt", 12)
        #expect(long.utf8.count <= 255 && long.hasSuffix("ä (12).txt"))
    }
}
