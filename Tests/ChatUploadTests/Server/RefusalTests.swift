import ChatBroker
import ChatIdentity
import NIOCore
import ChatWire
import ChatTesting
import Foundation
import Testing
import WebSocketServer

@testable import ChatUpload

/// What is refused, how, and that nothing is left of it.
@Suite struct RefusalTests {
    @Test(arguments: [
        [("room_key", nil, "lobby"), ("username", nil, "ann")],
        [("file", "n", "hello"), ("username", nil, "ann")],
        [("file", "n", "hello"), ("room_key", nil, "lobby")],
        [("file", "n", "hello"), ("file", "m", "hello"), ("room_key", nil, "lobby"), ("username", nil, "ann")],
        [("file", "n", "hello"), ("room_key", nil, "lobby"), ("room_key", nil, "other"), ("username", nil, "ann")],
        [("file", "n", "hello"), ("room_key", nil, "no room"), ("username", nil, "ann")],
        [("file", "n", "hello"), ("room_key", nil, "lobby"), ("username", nil, "a\u{202e}b")],
        [("file", nil, "hello"), ("room_key", nil, "lobby"), ("username", nil, "ann")],
    ]) func aFormThatIsNotWholeIsRefusedWhole(_ parts: [(String, String?, String)]) async throws {
        try await RunningWorker.with { worker, volume, _ in
            let answer = try await worker.post(parts)
            #expect(answer.status == 400, "\(answer)")
            #expect(answer.member("code") != nil)
            try await eventually("nothing is left, but for a moment what the worker tries the volume with") {
                volume.files.isEmpty
            }
            #expect(try await worker.lines(in: "lobby").isEmpty)
        }
    }

    /// Guests prove no name, so that a guest's direct room is open to guests, and a user's is not.
    @Test func filesOfADirectRoomAreForItsTwo() async throws {
        try await RunningWorker.with { worker, _, _ in
            let (ann, bob, eve) = (try UserName("ann"), try UserName("bob"), try UserName("eve"))
            let ofUsers = try #require(DirectPair(Principal(ann, isGuest: false), Principal(bob, isGuest: false)))
            let withGuest = try #require(DirectPair(Principal(ann, isGuest: false), Principal(bob, isGuest: true)))
            func put(_ room: RoomName) async throws -> Int {
                try await worker.ask("PUT", "/api/rooms/\(room)/files/n", body: "x").status
            }
            #expect(try await put(ofUsers.room) == 403)
            let registry = Registry(broker: worker.broker)
            for pair in [ofUsers, withGuest] { try await registry.call { $0.noteDirect(pair) } }
            #expect(try await put(ofUsers.room) == 403)
            #expect(try await worker.ask("GET", "/api/rooms/\(ofUsers.room)/files").status == 403)
            #expect(try await put(withGuest.room) == 201)
            #expect(try await worker.ask("GET", "/api/rooms/\(withGuest.room)/files").status == 200)

            for (user, isIn) in [(ann, true), (bob, true), (eve, false)] {
                let identity = Identity(user: user, rights: .everything, expiresAt: nil)
                let isAllowed = try await Visitor.known(identity).allows(.write, ofUsers.room, in: registry)
                #expect(isAllowed == isIn)
            }
        }
    }

    @Test func aCutFormLeavesNothing() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let form = RunningWorker.form([("file", "n", String(repeating: "x", count: 10_000))])
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "POST /api/upload HTTP/1.1\r\nHost: h\r\nContent-Type: \(form.type)\r\nContent-Length: 20000\r\n\r\n"
                    + form.body)
            try await eventually("a part is on the volume") { !volume.files(in: Layout.partial).isEmpty }
            connection.close()
            try await eventually("nothing is left") { volume.files.isEmpty }
        }
    }

    /// The body of a refused request is never read: what came of it would be taken for the next request.
    @Test func aRefusedBodyEndsTheConnection() async throws {
        try await RunningWorker.with({ $0.fileBytesMax = 1000 }) { worker, _, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "PUT /api/rooms/lobby/files/n HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
            connection.push(String(repeating: "x", count: 200_000))
            try await connection.expect("HTTP/1.1 413")
            try await connection.expect("too_large")
            try await eventually("the connection ends") { connection.isClosed }
        }
    }

    @Test(arguments: [
        "GET /healthz HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 17 * 1024))",
        "GET /healthz HTTP/1.1\r\nHost: h\r\n" + String(repeating: "X: x\r\n", count: 101),
        "GET /healthz HTTP/1.1\r\nHost: h\r\n"
            + String(repeating: "X: \(String(repeating: "x", count: 12 * 1024))\r\n", count: 3),
        "GET /\(String(repeating: "x", count: 40 * 1024))",
    ])
    func aHeadThatIsTooLargeIsAnsweredAndEndsTheConnection(_ head: String) async throws {
        try await RunningWorker.with { worker, _, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send("GET /api/files/none HTTP/1.1\r\nHost: h\r\n\r\n")
            try await connection.expect("HTTP/1.1 404")
            connection.push(head)
            // More of it must not cost the client its answer.
            connection.push(String(repeating: "x", count: 200_000))
            try await connection.expect("HTTP/1.1 413")
            try await connection.expect("too_large")
            try await eventually("the connection ends") { connection.isClosed }
            #expect(connection.text.components(separatedBy: "HTTP/1.1 ").count == 3, "\(connection.text)")
        }
    }

    @Test func aChunkedBodyIsCutAtTheLimit() async throws {
        try await RunningWorker.with({ $0.fileBytesMax = 1000 }) { worker, volume, _ in
            let answer = try await worker.ask(
                "PUT", "/api/rooms/lobby/files/n", ["Transfer-Encoding": "chunked"],
                body: "800\r\n\(String(repeating: "x", count: 2048))\r\n0\r\n\r\n")
            #expect(answer.status == 413)
            try await eventually("nothing is left, but for a moment what the worker tries the volume with") {
                volume.files.isEmpty
            }
        }
    }

    @Test func whoWaitsForContinueGetsItAtOnceAndOnlyIfTheBodyIsWanted() async throws {
        try await RunningWorker.with { worker, _, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            let head = "HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
            try await connection.send("PUT /api/rooms/lobby/files/n \(head)")
            try await connection.expect("HTTP/1.1 100 Continue\r\n\r\n")
            try await connection.send("hello")
            try await connection.expect("HTTP/1.1 201")
            let refused = try await RawConnection.connect(port: worker.port)
            try await refused.send("PUT /api/rooms/no%20room/files/n \(head)")
            try await refused.expect("HTTP/1.1 400")
            #expect(!refused.text.contains("100 Continue"))
        }
    }

    @Test func aSlowBodyIsEndedAndItsOffsetKept() async throws {
        try await RunningWorker.with({ $0.rateGrace = .milliseconds(200) }) { worker, _, _ in
            let path = try await worker.create(10)
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
                    + "Content-Type: application/offset+octet-stream\r\n\r\nhello")
            try await connection.expect("HTTP/1.1 408")
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
        }
    }

    @Test func anUnfinishedHeadIsEnded() async throws {
        try await RunningWorker.with({ $0.idle = .milliseconds(200) }) { worker, _, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send("PUT /api/rooms/lobby/files/n HTTP/1.1\r\nHost: h\r\nX-A: ")
            try await connection.expect("HTTP/1.1 408")
            try await connection.expect("too_slow")
            try await eventually("the connection ends") { connection.isClosed }
        }
    }

    @Test func aConnectionWithoutARequestIsClosedWithoutAWord() async throws {
        try await RunningWorker.with({ $0.idle = .milliseconds(200) }) { worker, _, _ in
            let connection = try await RawConnection.connect(port: worker.port)
            try await eventually("the connection ends") { connection.isClosed }
            #expect(connection.text.isEmpty)
        }
    }

    @Test(arguments: ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"])
    func aRequestHasOneHost(_ lines: String) async throws {
        try await RunningWorker.with { worker, volume, _ in
            let head = "PUT /api/rooms/lobby/files/n HTTP/1.1\r\n\(lines)Content-Length: 5\r\n\r\nhello"
            let answer = try await HTTPAnswer.exchange(head, port: worker.port)
            #expect(answer.status == 400 && answer.member("code") == "invalid_request", "\(answer)")
            #expect(try await worker.lines(in: "lobby").isEmpty)
            let old = "GET /api/rooms/lobby/files HTTP/1.0\r\n\r\n"
            #expect(try await HTTPAnswer.exchange(old, port: worker.port).status == 200)
        }
    }

    @Test func aPartOfAFileIsNotOffered() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let answer = try await worker.tus(
                "POST", "/api/tus",
                ["Upload-Length": "5", "Upload-Metadata": "room bG9iYnk=", "Upload-Concat": "partial"])
            #expect(answer.status == 400)
            #expect(volume.files(in: Layout.partial).isEmpty)
        }
    }

    @Test(arguments: [
        "/api/files/..%2f..%2fetc%2fpasswd", "/api/files/%00", "/api/files/../../etc/passwd", "/api/files/",
        "/api/files/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/", "/api", "/etc/passwd",
    ]) func whatIsNotThereIsNotFound(_ path: String) async throws {
        try await RunningWorker.with { worker, _, _ in
            let answer = try await worker.ask("GET", path)
            #expect(answer.status == 404 && answer.member("code") == "not_found", "\(answer)")
        }
    }

    @Test func aNameIsNeverAPath() async throws {
        try await RunningWorker.with { worker, _, _ in
            for name in ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "C:%5cpasswd"] {
                _ = try await worker.ask("PUT", "/api/rooms/lobby/files/\(name)", body: "x")
            }
            let names = try await worker.lines(in: "lobby").map(\.name)
            #expect(names == ["passwd", "passwd", "passwd"])
        }
    }

    @Test func usersAreLimited() async throws {
        try await RunningWorker.with({ $0.allowance.perMinute = 1 }) { worker, _, _ in
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: "x").status == 201)
            let second = try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: "x")
            #expect(second.status == 429 && (Int(second.headers["retry-after"] ?? "") ?? 0) > 0)
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=bob", body: "x").status == 201)
        }
    }

    /// All who say no name are called guest.
    @Test func guestsAreLimitedByTheirAddress() async throws {
        let proxies = TrustedProxies(ranges: [try AddressRange("127.0.0.0/8")])
        try await RunningWorker.with({ settings in
            settings.allowance.perMinute = 1
            settings.proxies = proxies
        }) { worker, _, _ in
            // What stands left of the hop that the proxy wrote is the client's own word.
            let hops = [
                ("192.0.2.1", 201), ("192.0.2.1", 429), ("192.0.2.77, 192.0.2.1", 429), ("192.0.2.2", 201),
                ("2001:db8::1", 201), ("2001:db8::2", 429),
            ]
            for (forwarded, status) in hops {
                let answer = try await worker.ask(
                    "PUT", "/api/rooms/lobby/files/n", ["X-Forwarded-For": forwarded], body: "x")
                #expect(answer.status == status, "\(forwarded)")
            }
        }
        try await RunningWorker.with({ $0.allowance.perMinute = 1 }) { worker, _, _ in
            for (address, status) in [("192.0.2.1", 201), ("192.0.2.2", 429)] {
                let answer = try await worker.ask(
                    "PUT", "/api/rooms/lobby/files/n", ["X-Forwarded-For": address], body: "x")
                #expect(answer.status == status, "nobody is trusted to say an address")
            }
        }
    }

    @Test func aFullAccountIsToldWhenAPlaceIsFree() async throws {
        try await RunningWorker.with({ settings in
            settings.allowance.pending = 1
            settings.allowance.bytesPerDay = 100
        }) { worker, _, _ in
            _ = try await worker.create(10)
            let answer = try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: "x")
            #expect(answer.status == 429)
            #expect((86_000...86_400).contains(Int(answer.headers["retry-after"] ?? "") ?? 0), "\(answer)")
            // It would never fit, however long one waits.
            let large = try await worker.ask(
                "PUT", "/api/rooms/lobby/files/n", body: String(repeating: "x", count: 101))
            #expect(large.status == 413)
        }
    }

    /// The client has to start anew, for which it needs its place.
    @Test func aFileThatIsNotWhatItsHashSaysFreesItsAccount() async throws {
        try await RunningWorker.with({ settings in
            settings.allowance.pending = 1
            settings.allowance.bytesPerDay = 700
        }) { worker, volume, _ in
            let body = String(repeating: "x", count: 400)
            let wrong = String(repeating: "0", count: 64)
            for _ in 0..<2 {
                let path = try await worker.create(400, ["sha256": wrong])
                #expect(try await worker.patch(path, at: 0, body).status == 460)
                #expect(try await worker.tus("HEAD", path).status == 404)
            }
            let form = try await worker.post([
                ("username", nil, "ann"), ("room_key", nil, "lobby"), ("sha256", nil, wrong), ("file", "n", "x"),
            ])
            #expect(form.status == 460)
            #expect(volume.files(in: Layout.partial).isEmpty)
            #expect(try await worker.lines(in: "lobby").isEmpty)
            let path = try await worker.create(400)
            #expect(try await worker.patch(path, at: 0, body).status == 204)
        }
    }

    /// Its worker was killed before anything was on the volume: no sweep will ever give it back.
    @Test func aPlaceWhoseUploadNeverCameIsFreeSoon() async throws {
        try await RunningWorker.with({ $0.allowance.pending = 1 }) { worker, _, _ in
            let owner = UploadOwner(user: "ann", address: "127.0.0.1", reserved: 10)
            try await worker.server.engine.reserve(.random(), owner)
            let answer = try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: "x")
            #expect(answer.status == 429)
            #expect((1...60).contains(Int(answer.headers["retry-after"] ?? "") ?? 0), "\(answer)")
        }
    }

    @Test func whatWasReservedForAnUploadThatNeverCameIsGivenBackSoon() async throws {
        try await RunningWorker.with({ settings in
            settings.allowance.bytesPerDay = 10
            // No lease is longer.
            settings.expireSeconds = 1
        }) { worker, _, _ in
            let owner = UploadOwner(user: "ann", address: "127.0.0.1", reserved: 10)
            try await worker.server.engine.reserve(.random(), owner)
            try await eventually("it is given back") {
                try await worker.ask("PUT", "/api/rooms/lobby/files/n?username=ann", body: "x").status == 201
            }
        }
    }

    @Test func aFinishedUploadIsOutOfItsAccountBeforeItIsOffTheVolume() async throws {
        try await RunningWorker.with({ $0.allowance.pending = 1 }) { worker, _, volume in
            let path = try await worker.create(5)
            volume.fail(with: VolumeError(.failed, "the worker was stopped"), in: [.remove])
            #expect(try await worker.patch(path, at: 0, "hello").status == 503)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
            _ = try await worker.create(5)
            #expect(try await worker.lines(in: "lobby").map(\.bytes) == [5])
            volume.fail(with: nil)
        }
    }

    @Test func aWrongTusVersionIsToldTheRightOne() async throws {
        try await RunningWorker.with { worker, _, _ in
            let answer = try await worker.ask("POST", "/api/tus", ["Tus-Resumable": "0.2.2"])
            #expect(answer.status == 412 && answer.headers["tus-version"] == "1.0.0")
            let extensions = try await worker.ask("OPTIONS", "/api/tus").headers["tus-extension"] ?? ""
            #expect(extensions.contains("checksum"))
        }
    }
}
