import Foundation
import NIOHTTP1
import Testing

@testable import ChatClient

/// `upload` and `download` as a script sees them.
@Suite(.serialized, .timeLimit(.minutes(1))) struct TransferCommandTests {
    private func flags(_ server: FakeFileServer) -> [String] {
        ["--server", "ws://127.0.0.1:\(server.port)", "--user", "ann", "--progress", "none", "--timeout", "5"]
    }

    @Test(arguments: [
        ["upload"], ["upload", "ops"], ["upload", "Not a room", "x"], ["download", "ops"],
        ["upload", "ops", "x", "--progress", "pie"], ["download", "ops", "x", "--timeout", "0"],
    ])
    func wrongArgumentsAreUsage(arguments: [String]) async {
        #expect(await runTermchat(arguments) == 2)
    }

    @Test func filesGoUpAndComeDown() async throws {
        let place = try Workplace()
        let server = try await FakeFileServer()
        let bytes = sampleBytes(70_000)
        let paths = [try place.write("a.txt", bytes), try place.write("b.txt", [1])]
        #expect(await runTermchat(["upload", "ops"] + paths + ["--json"] + flags(server)) == 0)
        #expect(server.files.map(\.bytes) == [bytes, [1]])
        let saved = place.path + "/copy.txt"
        #expect(await runTermchat(["download", "ops", "up0", "-o", saved] + flags(server)) == 0)
        #expect(place.read("copy.txt") == bytes)
        try await server.stop()
    }

    @Test func oneBadFileDoesNotKeepTheOthersBack() async throws {
        let place = try Workplace()
        let server = try await FakeFileServer()
        let paths = [place.path + "/missing", try place.write("b.txt", [1])]
        #expect(await runTermchat(["upload", "ops"] + paths + flags(server)) == 1)
        #expect(server.files.map(\.bytes) == [[1]])
        try await server.stop()
    }

    @Test func whoMayNotIsNotPermitted() async throws {
        let place = try Workplace()
        let server = try await FakeFileServer()
        server.next(.POST, .status(401))
        let paths = [try place.write("a.txt", [1]), try place.write("b.txt", [1])]
        #expect(await runTermchat(["upload", "ops"] + paths + flags(server)) == 4)
        #expect(server.requests(.POST).count == 1)
        server.next(.GET, .status(404))
        #expect(await runTermchat(["download", "ops", "x"] + flags(server)) == 1)
        try await server.stop()
        #expect(await runTermchat(["download", "ops", "x"] + flags(server) + ["--timeout", "0.3"]) == 3)
    }
}
