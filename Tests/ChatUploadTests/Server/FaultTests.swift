import HTTPTypes
import NIOCore
import ChatWire
import Foundation
import ChatBroker
import ChatTesting
import NIOPosix
import ServerKit
import Testing

@testable import ChatUpload

/// The volume or the broker fails in the middle: the error is clear, offsets are kept, and nothing is told twice.
@Suite struct FaultTests {
    @Test func aFullVolumeKeepsTheOffset() async throws {
        try await RunningWorker.with { worker, _, volume in
            let path = try await worker.create(10)
            _ = try await worker.patch(path, at: 0, "hello")
            volume.fail(with: VolumeError(.full, "full"))
            let refused = try await worker.patch(path, at: 5, "world")
            #expect(refused.status == 507 && refused.member("code") == "insufficient_storage")
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n", body: "x").status == 507)
            volume.fail(with: nil)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
            #expect(try await worker.patch(path, at: 5, "world").status == 204)
            #expect(try await worker.lines(in: "lobby").map(\.bytes) == [10])
        }
    }

    @Test func tooLittleSpaceIsToldBeforeTheFirstByte() async throws {
        try await RunningWorker.with({ $0.freeBytesMin = 1 << 60 }) { worker, _, _ in
            let answer = try await worker.ask("PUT", "/api/rooms/lobby/files/n", body: "x")
            #expect(answer.status == 507)
        }
    }

    @Test(arguments: [VolumeError.Code.readOnly, .failed, .gone])
    func aBrokenVolumeIsNotReady(_ code: VolumeError.Code) async throws {
        try await RunningWorker.with { worker, _, volume in
            try await eventually("it is ready") { worker.server.readiness == .ready }
            let path = try await worker.create(10)
            volume.fail(with: VolumeError(code, "broken"))
            #expect(try await worker.patch(path, at: 0, "hello").status == 503)
            #expect(try await worker.lines(in: "lobby").isEmpty)
            try await eventually("it is not ready") { worker.server.readiness != .ready }
            volume.fail(with: nil)
            try await eventually("it is ready again") { worker.server.readiness == .ready }
        }
    }

    /// A client that is told that its upload never was begins anew.
    @Test func whatCannotBeFoundForWantOfTheVolumeIsNotDenied() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(10)
            try FileManager.default.moveItem(atPath: volume.path, toPath: volume.path + ".away")
            #expect(try await worker.tus("HEAD", path).status == 503)
            #expect(try await worker.ask("GET", "/api/files/aaaaaaaaaaaaaaaaaaaaaaaaaa").status == 503)
            try FileManager.default.moveItem(atPath: volume.path + ".away", toPath: volume.path)
            try await eventually("it is there again") {
                try await worker.tus("HEAD", path).headers["upload-offset"] == "0"
            }
        }
    }

    /// Not that another request took over, nor that it never was.
    @Test func aVolumeThatGoesAwayUnderAnUploadIsUnavailable() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(10)
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
                    + "Content-Type: application/offset+octet-stream\r\n\r\nhello")
            try await eventually("five bytes are there") {
                try await worker.tus("HEAD", path).headers["upload-offset"] == "5"
            }
            try FileManager.default.removeItem(atPath: volume.path)
            try await connection.send("world")
            try await connection.expect("HTTP/1.1 503")
            try await connection.expect("\"unavailable\"")
            try await eventually("it is not ready") { worker.server.readiness != .ready }
            for (method, target) in [
                ("GET", "/api/files/aaaaaaaaaaaaaaaaaaaaaaaaaa"), ("PUT", "/api/rooms/lobby/files/n"),
                ("GET", "/api/rooms/lobby/files"), ("DELETE", "/api/files/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ] {
                let answer = try await worker.ask(method, target, body: method == "PUT" ? "x" : nil)
                #expect(answer.status == 503 && answer.member("code") == "unavailable", "\(method) \(answer)")
            }
        }
    }

    /// What is seen where the file system was unmounted: the directory that it was mounted on.
    @Test func anEmptyDirectoryInPlaceOfTheVolumeIsNotTakenForIt() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(10)
            try FileManager.default.moveItem(atPath: volume.path, toPath: volume.path + ".away")
            let empty = try TemporaryVolume(at: volume.path)
            for _ in 0..<2 {
                #expect(try await worker.tus("HEAD", path).status == 503)
                #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n", body: "x").status == 503)
                try await eventually("it is not ready") {
                    if case .notReady(let reasons) = worker.server.readiness {
                        reasons.contains { $0.contains("is not the volume") }
                    } else {
                        false
                    }
                }
            }
            #expect(empty.files.isEmpty)
            try FileManager.default.removeItem(atPath: volume.path)
            try FileManager.default.moveItem(atPath: volume.path + ".away", toPath: volume.path)
            try await eventually("it is ready again") { worker.server.readiness == .ready }
            #expect(try await worker.patch(path, at: 0, "helloworld").status == 204)
        }
    }

    @Test func aWorkerThatStartsOverTheWrongVolumeServesNothing() async throws {
        let (first, second) = (try TemporaryVolume(), try TemporaryVolume())
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let worker = try await RunningWorker.start(on: first.volume, store: store)
        let other = try await RunningWorker.start(on: second.volume, store: store)
        #expect(worker.server.readiness == .ready && other.server.readiness != .ready)
        #expect(try await other.ask("PUT", "/api/rooms/lobby/files/n", body: "x").status == 503)
        #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n", body: "x").status == 201)
        for worker in [worker, other] { await worker.server.stop() }
        // A broker that forgot takes the volume's word.
        let fresh = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let again = try await RunningWorker.start(on: first.volume, store: fresh)
        #expect(again.server.readiness == .ready)
        await again.server.stop()
    }

    @Test(arguments: FaultyVolume.Call.allCases.filter { $0 != .other })
    func readinessTriesEachStepOfAnUpload(_ call: FaultyVolume.Call) async throws {
        try await RunningWorker.with { worker, _, volume in
            try await eventually("it is ready") { worker.server.readiness == .ready }
            volume.fail(with: VolumeError(.failed, "Input/output error"), in: [call])
            try await eventually("it is not ready") { worker.server.readiness != .ready }
            volume.fail(with: nil)
            try await eventually("it is ready again") { worker.server.readiness == .ready }
        }
    }

    @Test func anUploadThatCannotBeRemovedIsNotSaidToBe() async throws {
        try await RunningWorker.with { worker, _, volume in
            let path = try await worker.create(10)
            _ = try await worker.patch(path, at: 0, "hello")
            volume.fail(with: VolumeError(.readOnly, "read-only"))
            #expect(try await worker.tus("DELETE", path).status == 503)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
            volume.fail(with: nil)
            #expect(try await worker.tus("DELETE", path).status == 204)
        }
    }

    @Test(arguments: [(VolumeError.Code.full, 507), (.failed, 503)])
    func aWholeUploadThatCannotBeFinishedHasItsOffset(_ code: VolumeError.Code, _ status: Int) async throws {
        try await RunningWorker.with { worker, _, volume in
            let path = try await worker.create(5)
            volume.fail(with: VolumeError(code, "broken"), in: [.link])
            #expect(try await worker.patch(path, at: 0, "hello").status == status)
            let answer = try await worker.tus("HEAD", path)
            #expect(answer.status == status && answer.headers["upload-offset"] == "5", "\(answer)")
            volume.fail(with: nil)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
        }
    }

    /// The bytes are safe before the room is told; a broker that is away then costs nothing but time.
    @Test func whatCouldNotBeToldIsToldByASweepOnce() async throws {
        let temporary = try TemporaryVolume()
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let worker = try await RunningWorker.start(on: temporary.volume, store: store)
        let path = try await worker.create(10)
        let connection = try await RawConnection.connect(port: worker.port)
        try await connection.send(
            "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
                + "Content-Type: application/offset+octet-stream\r\n\r\nhello")
        try await eventually("five bytes are there") {
            try await worker.tus("HEAD", path).headers["upload-offset"] == "5"
        }
        try await worker.broker.eventLoop.flatSubmit { [broker = worker.broker] in broker.stop() }.get()
        try await connection.send("world")
        try await connection.expect("HTTP/1.1 503")
        await worker.server.stop()
        #expect(temporary.files(in: Layout.done).count == 1)

        let next = try await RunningWorker.start(on: temporary.volume, store: store)
        let sweeper = Sweeper(engine: next.server.engine)
        for _ in 0..<2 { try await sweeper.sweep(now: Int(Int32.max), grace: 0) }
        #expect(try await next.lines(in: "lobby").map(\.bytes) == [10])
        #expect(try await next.tus("HEAD", path).headers["upload-offset"] == "10")
        await next.server.stop()
        #expect(temporary.files.count == 3, "\(temporary.files)")
    }

    @Test func oldFilesOfARoomAreRemoved() async throws {
        try await RunningWorker.with({ settings in
            settings.roomRetention = [RoomRetention("tmp-*=60")].compactMap(\.self)
        }) { worker, volume, _ in
            _ = try await worker.ask("PUT", "/api/rooms/tmp-1/files/n", body: "short")
            _ = try await worker.ask("PUT", "/api/rooms/lobby/files/n", body: "long")
            let now = Int(WallClock.milliseconds() / 1000)
            try await Sweeper(engine: worker.server.engine).sweep(now: now + 30)
            #expect(volume.files(in: Layout.files).count == 2)
            try await Sweeper(engine: worker.server.engine).sweep(now: now + 61)
            #expect(volume.files(in: Layout.files).count == 1)
            #expect(volume.files(in: Layout.blobs).count == 1)
        }
    }

    /// Of an upload that ends with its request, the worker is gone: no other request can have it.
    @Test func whatAKilledWorkerHeldIsFreeAfterTheNextSweep() async throws {
        try await RunningWorker.with({ settings in
            settings.allowance = .init(pending: 1, bytesPerDay: 1000, perMinute: 100)
        }) { worker, volume, _ in
            let engine = worker.server.engine
            let id = UploadID.random()
            let owner = UploadOwner(user: "ann", address: "127.0.0.1", reserved: 1000)
            try await engine.reserve(id, owner)
            _ = try await engine.create(id, owner: owner, bytes: 1000)
            let path = "/api/rooms/lobby/files/n?username=ann"
            #expect(try await worker.ask("PUT", path, body: "x").status == 429)
            let sweeper = Sweeper(engine: engine)
            let now = Int(WallClock.milliseconds() / 1000)
            try await sweeper.sweep(now: now)
            #expect(try await worker.ask("PUT", path, body: "x").status == 429)
            try await sweeper.sweep(now: now + engine.settings.leaseSeconds + 1)
            #expect(!FileManager.default.fileExists(atPath: volume.path + "/" + Layout.partial(id)))
            #expect(try await worker.ask("PUT", path, body: "x").status == 201)
        }
    }

    @Test func aRunningUploadRenewsItsLease() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "PUT /api/rooms/lobby/files/n HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
            try await eventually("it arrived") { !volume.files(in: Layout.partial).isEmpty }
            let folders = try FileManager.default.contentsOfDirectory(atPath: "\(volume.path)/\(Layout.partial)")
            let folder = try #require(folders.first)
            let path = "\(volume.path)/\(Layout.partial)/\(folder)"
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1000)], ofItemAtPath: path)
            await LeaseKeeper(engine: worker.server.engine).renew()
            let renewed = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            #expect((renewed ?? .distantPast) > Date(timeIntervalSinceNow: -60))
            try await connection.send("world")
            try await connection.expect("HTTP/1.1 201")
            #expect(worker.server.engine.running.all.isEmpty)
        }
    }

    @Test func aBodyThatIsStillOnItsWayAtTheDeadlineIsAnsweredAndKept() async throws {
        let temporary = try TemporaryVolume()
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let worker = try await RunningWorker.start(on: temporary.volume, store: store) { $0.stop = .seconds(2) }
        let path = try await worker.create(10)
        let connection = try await RawConnection.connect(port: worker.port)
        try await connection.send(
            "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
                + "Content-Type: application/offset+octet-stream\r\n\r\nhello")
        try await eventually("five bytes are there") {
            try await worker.tus("HEAD", path).headers["upload-offset"] == "5"
        }
        await worker.server.stop()
        try await connection.expect("HTTP/1.1 503")
        #expect(connection.text.lowercased().contains("connection: close"), "\(connection.text)")
        let next = try await RunningWorker.start(on: temporary.volume, store: store)
        #expect(try await next.patch(path, at: 5, "world").status == 204)
        await next.server.stop()
    }

    @Test func aCancelledRequestIsNoMistakeOfOurs() {
        #expect(Refusal(CancellationError()).status.code == 503)
    }

    @Test func aDrainingWorkerRefusesWhatIsNewAndFinishesWhatRuns() async throws {
        let temporary = try TemporaryVolume()
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let worker = try await RunningWorker.start(on: temporary.volume, store: store) { $0.stop = .seconds(30) }
        let connection = try await RawConnection.connect(port: worker.port)
        try await connection.send(
            "PUT /api/rooms/lobby/files/n HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello")
        try await eventually("it arrived") { !temporary.files(in: Layout.partial).isEmpty }
        async let stopped: Void = worker.server.stop()
        try await eventually("it drains") { worker.server.readiness == .notReady(reasons: ["draining"]) }
        try await connection.send("world")
        try await connection.expect("HTTP/1.1 201")
        await stopped
    }
}
