import ChatWire
import ChatBroker
import ChatTesting
import Crypto
import Foundation
import NIOPosix
import Testing

@testable import ChatUpload

/// The three ways in, and what is in the room and on the volume afterwards.
@Suite struct WaysInTests {
    @Test func aBodyIsAFile() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let answer = try await worker.ask("PUT", "/api/rooms/lobby/files/a%20b.txt?username=ann", body: "hello")
            #expect(answer.status == 201)
            #expect(answer.member("filename") == "a b.txt")
            #expect(answer.member("sha256") == Self.hash("hello"))
            #expect(answer.member("status") == "uploaded")
            let line = try #require(try await worker.lines(in: "lobby").first)
            #expect(line.id == answer.member("file_id") && line.user == "ann" && line.bytes == 5)
            #expect(volume.files(in: Layout.partial).isEmpty && volume.files(in: Layout.done).isEmpty)
            let file = try await worker.ask("GET", "/api/files/\(line.id)")
            #expect(file.body == "hello" && file.headers["etag"] == "\"\(Self.hash("hello"))\"")
        }
    }

    @Test(arguments: [[0, 1, 2], [1, 2, 0], [2, 0, 1]]) func aFormsPartsComeInAnyOrder(_ order: [Int]) async throws {
        try await RunningWorker.with { worker, _, _ in
            let parts = [("file", "n.txt", "hello"), ("room_key", nil, "lobby"), ("username", nil, "ann")]
            let answer = try await worker.post(order.map { parts[$0] })
            #expect(answer.status == 201)
            #expect(try await worker.lines(in: "lobby").map(\.name) == ["n.txt"])
        }
    }

    @Test func aFileInADirectRoomIsOfferedToTheOther() async throws {
        let volume = try TemporaryVolume()
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let worker = try await RunningWorker.start(on: volume.volume, store: store)
        let id = try NodeID.test("edge")
        let edge = try await TestNode.start(id, InProcessBroker(node: id, on: store.eventLoop, store: store))
        let (ann, bob) = (try Principal(UserName("ann"), isGuest: true), try Principal(UserName("bob"), isGuest: true))
        let pair = try #require(DirectPair(ann, bob))
        let room = try pair.room
        try await edge.call { $0.noteDirect(pair) }
        let answer = try await worker.ask("PUT", "/api/rooms/\(room)/files/n?username=ann", body: "x")
        #expect(answer.status == 201)
        try await eventually("bob is offered the room") {
            edge.messages == [.offer(room: room.value, to: "guest:bob", user: "ann", isGuest: true)]
        }
        try await edge.call { $0.stop() }
        await worker.server.stop()
    }

    @Test func aChunkedFormIsTaken() async throws {
        try await RunningWorker.with { worker, _, _ in
            let form = RunningWorker.form([
                ("file", "n", "hello"), ("room_key", nil, "lobby"), ("username", nil, "ann"),
            ])
            let size = String(form.body.utf8.count, radix: 16)
            let answer = try await worker.ask(
                "POST", "/api/upload", ["Content-Type": form.type, "Transfer-Encoding": "chunked"],
                body: "\(size)\r\n\(form.body)\r\n0\r\n\r\n")
            #expect(answer.status == 201)
        }
    }

    @Test func aResumableUploadGoesOnWhereItStopped() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(10)
            #expect(try await worker.patch(path, at: 0, "hello").headers["upload-offset"] == "5")
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "5")
            #expect(try await worker.patch(path, at: 4, "oworld").status == 409)
            #expect(try await worker.patch(path, at: 5, "world").status == 204)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "10")
            let lines = try await worker.lines(in: "lobby")
            #expect(lines.map(\.sha256) == [Self.hash("helloworld")])
            // Who did not hear the answer asks again, and is told the same.
            #expect(try await worker.patch(path, at: 10, "").status == 204)
            #expect(try await worker.lines(in: "lobby").count == 1)
            #expect(volume.files(in: Layout.partial).isEmpty)
        }
    }

    @Test func aCutBodyIsKept() async throws {
        try await RunningWorker.with { worker, _, _ in
            let path = try await worker.create(10)
            let connection = try await RawConnection.connect(port: worker.port)
            try await connection.send(
                "PATCH \(path) HTTP/1.1\r\nHost: h\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
                    + "Content-Type: application/offset+octet-stream\r\n\r\nhello")
            try await eventually("five bytes are there") {
                try await worker.tus("HEAD", path).headers["upload-offset"] == "5"
            }
            connection.close()
            #expect(try await worker.patch(path, at: 5, "world").status == 204)
            #expect(try await worker.lines(in: "lobby").map(\.sha256) == [Self.hash("helloworld")])
        }
    }

    @Test func aCreationMayBringBytes() async throws {
        try await RunningWorker.with { worker, _, _ in
            let metadata = ["room": "lobby", "username": "ann"].map {
                "\($0.key) \(Data($0.value.utf8).base64EncodedString())"
            }.joined(separator: ",")
            let answer = try await worker.tus(
                "POST", "/api/tus", ["Upload-Length": "5", "Upload-Metadata": metadata], body: "hello")
            #expect(answer.status == 201 && answer.headers["upload-offset"] == "5")
            #expect(try await worker.lines(in: "lobby").count == 1)
        }
    }

    @Test func aLengthMayBeSaidLater() async throws {
        try await RunningWorker.with { worker, _, _ in
            let path = try await worker.create(nil)
            #expect(try await worker.patch(path, at: 0, "hello").headers["upload-defer-length"] == "1")
            let answer = try await worker.tus(
                "PATCH", path, ["Upload-Offset": "5", "Upload-Length": "10"], body: "world")
            #expect(answer.status == 204)
            #expect(try await worker.lines(in: "lobby").count == 1)
        }
    }

    @Test func aWrongChecksumOfARequestLeavesTheUploadAsItWas() async throws {
        try await RunningWorker.with { worker, _, _ in
            let path = try await worker.create(5)
            let wrong = Data(SHA256.hash(data: Data("other".utf8))).base64EncodedString()
            let answer = try await worker.tus(
                "PATCH", path, ["Upload-Offset": "0", "Upload-Checksum": "sha256 \(wrong)"], body: "hello")
            #expect(answer.status == 460)
            #expect(try await worker.tus("HEAD", path).headers["upload-offset"] == "0")
            let right = Data(SHA256.hash(data: Data("hello".utf8))).base64EncodedString()
            let again = try await worker.tus(
                "PATCH", path, ["Upload-Offset": "0", "Upload-Checksum": "sha256 \(right)"], body: "hello")
            #expect(again.status == 204)
        }
    }

    @Test func aFileThatIsNotTheAnnouncedOneEndsTheUpload() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(5, ["sha256": Self.hash("other")])
            #expect(try await worker.patch(path, at: 0, "hello").status == 460)
            #expect(try await worker.lines(in: "lobby").isEmpty)
            try await eventually("nothing is left, but for a moment what the worker tries the volume with") {
                volume.files.isEmpty
            }
            #expect(try await worker.tus("HEAD", path).status == 404)
        }
    }

    @Test func aTerminatedUploadIsGone() async throws {
        try await RunningWorker.with { worker, volume, _ in
            let path = try await worker.create(10)
            _ = try await worker.patch(path, at: 0, "hello")
            #expect(try await worker.tus("DELETE", path).status == 204)
            #expect(try await worker.tus("HEAD", path).status == 404)
            try await eventually("nothing is left, but for a moment what the worker tries the volume with") {
                volume.files.isEmpty
            }
        }
    }

    @Test func anEmptyFileIsAFile() async throws {
        try await RunningWorker.with { worker, _, _ in
            #expect(try await worker.ask("PUT", "/api/rooms/lobby/files/e", body: "").status == 201)
            _ = try await worker.create(0)
            #expect(try await worker.lines(in: "lobby").map(\.bytes) == [0, 0])
        }
    }

    /// Two workers over one directory take the same request at the same moment.
    @Test func theSamePatchAtTwoWorkersIsOneFile() async throws {
        let temporary = try TemporaryVolume()
        let store = InProcessBroker.Store(on: MultiThreadedEventLoopGroup.singleton.next())
        let workers = [
            try await RunningWorker.start(on: temporary.volume, store: store),
            try await RunningWorker.start(on: temporary.volume, store: store),
        ]
        let body = String(repeating: "0123456789abcdef", count: 64 * 1024)
        let path = try await workers[0].create(body.utf8.count)
        async let first = workers[0].patch(path, at: 0, body)
        async let second = workers[1].patch(path, at: 0, body)
        let statuses = try await [first.status, second.status]
        #expect(statuses.contains(204) || statuses == [409, 409], "\(statuses)")
        // As a client does: it asks where it stands and goes on until the file is whole.
        for _ in 0..<10 where try await workers[0].lines(in: "lobby").isEmpty {
            let offset = try await Int(workers[1].tus("HEAD", path).headers["upload-offset"] ?? "") ?? 0
            if offset < body.utf8.count {
                _ = try await workers[1].patch(path, at: offset, String(body.dropFirst(offset)))
            }
        }
        #expect(try await workers[0].lines(in: "lobby").map(\.sha256) == [Self.hash(body)])
        #expect(temporary.files(in: Layout.blobs).count == 1)
        for worker in workers { await worker.server.stop() }
        #expect(temporary.files(in: Layout.partial).isEmpty)
    }

    static func hash(_ text: String) -> String { ContentHash(SHA256.hash(data: Data(text.utf8))).value }
}
