import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import ChatClient

@Suite(.timeLimit(.minutes(1))) struct UploadRunTests {
    /// A file of several batches in a workplace, and a server.
    private struct Setting {
        let place: Workplace
        let server: FakeFileServer
        let bytes = sampleBytes(3 * TransferLimits.batchBytes + 77)
        let path: String

        init() async throws {
            place = try Workplace()
            server = try await FakeFileServer()
            path = try place.write("größe.bin", bytes)
        }

        func expectWhole(_ uploaded: UploadedFile) {
            #expect(server.files.last?.bytes == bytes)
            #expect(uploaded.sha256 == server.files.last?.sha256)
            #expect(records == [])
        }

        var records: [String]? { try? FileManager.default.contentsOfDirectory(atPath: place.path + "/transfers") }
    }

    @Test func aFileArrivesWhole() async throws {
        let setting = try await Setting()
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        #expect(uploaded.filename == "größe.bin" && uploaded.size == Int64(setting.bytes.count))
        #expect(uploaded.url == "http://127.0.0.1:\(setting.server.port)/api/files/\(uploaded.file_id)")
        let pairs = setting.server.files.first?.name.split(separator: ",").map { pair in
            pair.split(separator: " ").last.flatMap { Data(base64Encoded: String($0)) }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(pairs == ["größe.bin", "ops", "ann"])
        #expect(setting.server.requests(.POST).first?.headers.first(name: "Tus-Resumable") == "1.0.0")
    }

    @Test func anEmptyFileArrivesToo() async throws {
        let setting = try await Setting()
        let path = try setting.place.write("empty", [])
        let uploaded = try await UploadRun(setting.server, path, in: setting.place).run()
        #expect(uploaded.size == 0 && uploaded.sha256 == setting.server.files.last?.sha256)
    }

    @Test func aCutTransferGoesOnWhereTheServerIs() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .cut(after: 700_001))
        setting.server.next(.PATCH, .cut(after: 5))
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        let offsets = setting.server.requests(.PATCH).map { $0.headers.first(name: "Upload-Offset") }
        #expect(offsets == ["0", "700001", "700006"])
        #expect(setting.server.requests(.POST).count == 1)
    }

    @Test func aRestartedClientGoesOnWithTheSameUpload() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .cut(after: 600_000))
        setting.server.next(.HEAD, .status(403))
        await #expect(throws: CommandFailure(.notPermitted, "The server answered with HTTP 403.")) {
            try await UploadRun(setting.server, setting.path, in: setting.place).run()
        }
        #expect(setting.records?.count == 1)
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        #expect(setting.server.requests(.POST).count == 1)
        #expect(setting.server.requests(.PATCH).last?.headers.first(name: "Upload-Offset") == "600000")
    }

    @Test func aCancelledTransferIsKept() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .silence)
        let run = try UploadRun(setting.server, setting.path, in: setting.place)
        let task = Task { try await run.run() }
        let server = setting.server
        let count = setting.bytes.count
        _ = try await within("the bytes") {
            while server.files.last?.bytes.count != count { try await Task.sleep(for: .milliseconds(5)) }
            return true
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let patches = setting.server.requests(.PATCH).count
        let uploaded = try await UploadRun(setting.server, setting.path, in: Workplace(), patience: .seconds(5)).run()
        #expect(uploaded.file_id == "up1")
        #expect(setting.records?.count == 1)
        #expect(setting.server.requests(.PATCH).count == patches + 1)
    }

    @Test func aChangedFileIsAnotherUpload() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .cut(after: 10))
        setting.server.next(.HEAD, .status(403))
        await #expect(throws: CommandFailure.self) {
            try await UploadRun(setting.server, setting.path, in: setting.place).run()
        }
        let changed = try setting.place.write("größe.bin", sampleBytes(1000))
        let uploaded = try await UploadRun(setting.server, changed, in: setting.place).run()
        #expect(uploaded.size == 1000 && setting.server.requests(.POST).count == 2)
    }

    /// With the last byte the server tells the room of the file.
    @Test(arguments: [10, 3 * TransferLimits.batchBytes]) func aFileThatChangesIsNotSentWhole(count: Int) async throws {
        let setting = try await Setting()
        let path = try setting.place.write("changing", sampleBytes(count))
        let run = try UploadRun(setting.server, path, in: setting.place)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000)], ofItemAtPath: path)
        let failure = await #expect(throws: CommandFailure.self) { try await run.run() }
        #expect(failure?.message?.hasSuffix("changed while it was read.") == true)
        #expect(setting.server.files.last?.isWhole == false)
    }

    @Test func aFileThatChangesOnceItIsSentIsDone() async throws {
        let setting = try await Setting()
        let file = try SourceFile(path: setting.path)
        for offset in stride(from: 0, to: file.identity.bytes, by: TransferLimits.batchBytes) {
            _ = try await file.read(from: Int64(offset)).get()
        }
        let before = try await file.sha256()
        try setting.place.write("größe.bin", [1])
        #expect(try await file.sha256() == before)
    }

    @Test func anUploadThatTheServerForgotBeginsAnew() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .cut(after: 10))
        setting.server.next(.HEAD, .status(404))
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        #expect(setting.server.requests(.POST).count == 2)
    }

    @Test func aServerThatHasEverythingIsAskedToFinish() async throws {
        let setting = try await Setting()
        setting.server.waitForPush()
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        let last = setting.server.requests(.PATCH).last
        #expect(last?.headers.first(name: "Upload-Offset") == "\(setting.bytes.count)")
    }

    @Test func anotherOffsetIsAskedFor() async throws {
        let setting = try await Setting()
        setting.server.next(.PATCH, .status(409))
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
    }

    @Test func aServerThatIsBusyIsAskedAgain() async throws {
        let setting = try await Setting()
        for status in [503, 429, 507] { setting.server.next(.POST, .status(status, ["Retry-After": "0"])) }
        let uploaded = try await UploadRun(setting.server, setting.path, in: setting.place).run()
        setting.expectWhole(uploaded)
        #expect(setting.server.requests(.POST).count == 4)
    }

    @Test(arguments: [
        (413, 1), (401, 4), (403, 4), (404, 1), (415, 1),
    ])
    func aRefusalEndsIt(status: Int, code: Int32) async throws {
        let setting = try await Setting()
        setting.server.next(.POST, .status(status))
        await #expect {
            try await UploadRun(setting.server, setting.path, in: setting.place).run()
        } throws: { error in
            let failure = error as? CommandFailure
            return failure?.status.rawValue == code && failure?.message == "Scripted \(status)."
        }
    }

    @Test func aRefusalWhileTheBodyGoesOutIsHeard() async throws {
        let setting = try await Setting()
        let path = try setting.place.write("large", sampleBytes(8 << 20))
        setting.server.next(.PATCH, .status(413))
        await #expect(throws: CommandFailure(.failed, "Scripted 413.")) {
            try await UploadRun(setting.server, path, in: setting.place).run()
        }
    }

    @Test func aServerThatIsAwayIsUnavailable() async throws {
        let setting = try await Setting()
        try await setting.server.stop()
        let run = try UploadRun(setting.server, setting.path, in: setting.place, patience: .milliseconds(300))
        await #expect(throws: CommandFailure(.unavailable, "nobody listens there")) { try await run.run() }
    }

    @Test func aServerThatSaysNothingIsUnavailable() async throws {
        let setting = try await Setting()
        for _ in 0..<8 { setting.server.next(.POST, .silence) }
        let run = try UploadRun(setting.server, setting.path, in: setting.place, patience: .milliseconds(200))
        await #expect(throws: CommandFailure(.unavailable, "Nothing moved for too long.")) { try await run.run() }
    }

    @Test func otherBytesAtTheServerAreNoticed() async throws {
        let setting = try await Setting()
        setting.server.next(.HEAD, .status(200, ["ETag": "\"\(String(repeating: "0", count: 64))\""]))
        await #expect(throws: CommandFailure(.failed, "The server stored other bytes than were read here.")) {
            try await UploadRun(setting.server, setting.path, in: setting.place).run()
        }
    }

    @Test func twoRunsDoNotShareAnUpload() async throws {
        let setting = try await Setting()
        let first = try UploadRun(setting.server, setting.path, in: setting.place)
        let second = try UploadRun(setting.server, setting.path, in: setting.place)
        #expect(first.record != nil && second.record == nil)
    }

    /// The last says that it is empty, and is not.
    @Test(arguments: ["/nonexistent/file", "/dev/null", "/tmp", "/proc/self/status"]) func whatIsNoFileIsNotSent(
        path: String
    ) {
        #expect(throws: CommandFailure.self) { try SourceFile(path: path) }
    }
}
