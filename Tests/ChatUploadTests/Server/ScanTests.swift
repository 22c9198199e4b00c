import ChatBroker
import ChatTesting
import ChatWire
import Foundation
import ServerKit
import Testing

@testable import ChatUpload

/// The operator's program is asked between the last byte and the room.
@Suite struct ScanTests {
    /// A program that is a shell script.
    private final class Script {
        let path = FileManager.default.temporaryDirectory.path + "/scan-\(UInt64.random(in: .min ... .max))"

        init(_ text: String) throws { try say(text) }
        deinit { try? FileManager.default.removeItem(atPath: path) }

        func say(_ text: String) throws {
            // Another file each time: one that is being written cannot be run.
            try? FileManager.default.removeItem(atPath: path)
            let made = FileManager.default.createFile(
                atPath: path, contents: Data("#!/bin/sh\n\(text)\n".utf8), attributes: [.posixPermissions: 0o700])
            guard made else { throw WireFailure("\(path) cannot be written") }
        }
    }

    private func with(
        _ script: Script, seconds: Duration = .seconds(60),
        _ body: (RunningWorker, TemporaryVolume) async throws -> Void
    ) async throws {
        // The worker must know where its volume is, which the other suites do not tell it.
        let temporary = try TemporaryVolume()
        let path = script.path
        let store = RunningWorker.store()
        let worker = try await RunningWorker.start(on: temporary.volume, store: store) { settings in
            settings.volume = temporary.path
            settings.scan = path
            settings.scanTime = seconds
            settings.allowance.pending = 1
        }
        do {
            try await body(worker, temporary)
        } catch {
            await worker.server.stop()
            throw error
        }
        await worker.server.stop()
    }

    private static let ways = ["PUT", "form", "tus"]

    private func upload(_ way: String, _ text: String, to worker: RunningWorker) async throws -> HTTPAnswer {
        switch way {
        case "PUT": return try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: text)
        case "form":
            return try await worker.post([("room_key", nil, "lobby"), ("username", nil, "ann"), ("file", "n", text)])
        default: return try await worker.patch(worker.create(text.utf8.count), at: 0, text)
        }
    }

    @Test(arguments: ways) func whatIsRefusedLeavesNothing(_ way: String) async throws {
        try await with(Script(#"grep -q virus "$1" && exit 1; exit 0"#)) { worker, volume in
            for _ in 0..<2 {
                let answer = try await upload(way, "a virus", to: worker)
                #expect(answer.status == 422 && answer.member("code") == "refused", "\(answer)")
            }
            #expect(Self.kept(volume).isEmpty)
            #expect(try await worker.lines(in: "lobby").isEmpty)
            let answer = try await upload(way, "a letter", to: worker)
            #expect([201, 204].contains(answer.status), "\(answer)")
            #expect(try await worker.lines(in: "lobby").map(\.bytes) == [8])
        }
    }

    @Test func theProgramIsToldOfTheFileAndNothingElse() async throws {
        let script = try Script(
            #"[ "$FILE_ROOM/$FILE_USER/$FILE_NAME/$FILE_BYTES/$FILE_MEDIA_TYPE" = lobby/ann/n/5/text/plain ] || exit 1"#
                + #"; [ "${#FILE_SHA256}" = 64 ] && [ -z "$HOME" ] && [ "$(cat "$1")" = hello ] && [ -z "$2" ]"#)
        try await with(script) { worker, _ in
            let answer = try await upload("PUT", "hello", to: worker)
            #expect(answer.status == 201)
        }
    }

    @Test(arguments: ["exit 2", "kill -9 $$", "exit 127"])
    func whatTheScanCannotSayWaitsForASweep(_ failure: String) async throws {
        let script = try Script(failure)
        try await with(script) { worker, volume in
            let path = try await worker.create(5)
            #expect(try await worker.patch(path, at: 0, "hello").status == 503)
            let answer = try await worker.tus("HEAD", path)
            #expect(answer.status == 503 && answer.headers["upload-offset"] == "5", "\(answer)")
            #expect(try await worker.lines(in: "lobby").isEmpty)
            try script.say("exit 0")
            let sweeper = Sweeper(engine: worker.server.engine)
            try await sweeper.sweep(now: volume.store.time(), grace: 0)
            try await sweeper.sweep(now: volume.store.time(), grace: 0)
            #expect(try await worker.lines(in: "lobby").map(\.bytes) == [5])
            #expect(volume.files(in: Layout.partial).isEmpty)
        }
    }

    /// The sweep must not let in what its client sends again.
    @Test(arguments: ["PUT", "form"]) func whatCannotBeResumedIsSentAgain(_ way: String) async throws {
        let script = try Script("exit 2")
        try await with(script) { worker, volume in
            #expect(try await upload(way, "hello", to: worker).status == 503)
            #expect(Self.kept(volume).isEmpty)
            try script.say("exit 0")
            #expect(try await upload(way, "hello", to: worker).status == 201)
            #expect(try await worker.lines(in: "lobby").count == 1)
        }
    }

    /// What it started ends with it: the reader of a pipe would wait for that too.
    @Test func aProgramThatHangsIsEndedWithWhatItStarted() async throws {
        let mark = FileManager.default.temporaryDirectory.path + "/child-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: mark) }
        try await with(Script("sleep 1000 & echo $! > \(mark); wait"), seconds: .seconds(2)) { worker, _ in
            #expect(try await upload("tus", "hello", to: worker).status == 503)
            let text = try String(contentsOfFile: mark, encoding: .utf8)
            let pid = try #require(pid_t(text.dropLast()))
            try await eventually("the child is gone") { kill(pid, 0) != 0 || Self.isZombie(pid) }
        }
    }

    @Test func aStopDoesNotWaitForAProgram() async throws {
        let mark = FileManager.default.temporaryDirectory.path + "/begun-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: mark) }
        var answer: Task<HTTPAnswer, any Error>?
        try await with(Script("touch \(mark); sleep 1000")) { worker, _ in
            let path = try await worker.create(5)
            answer = Task { try await worker.patch(path, at: 0, "hello") }
            try await eventually("it scans") { FileManager.default.fileExists(atPath: mark) }
        }
        let answered = try #require(try await answer?.value)
        #expect(answered.status == 503)
    }

    @Test(arguments: ["scan", "/no/such/program"]) func aWorkerWithoutItsProgramDoesNotStart(
        _ path: String
    ) async throws {
        let temporary = try TemporaryVolume()
        await #expect(throws: ProcessFailure.self) {
            _ = try await RunningWorker.start(on: temporary.volume, store: RunningWorker.store()) { $0.scan = path }
        }
    }

    /// All but what the look at readiness writes.
    private static func kept(_ volume: TemporaryVolume) -> [String] {
        volume.files.filter { !$0.hasPrefix(Layout.temporary) }
    }

    private static func isZombie(_ pid: pid_t) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return status.contains(") Z ")
    }
}
