import ChatBroker
import ChatEdge
import ChatTesting
import ChatWire
import NIOCore
import NIOPosix
import ServerKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(2))) struct EdgeServerTests {
    @Test func anEdgeInProcessServesUntilItIsStopped() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let edge = try await RunningEdge.alone(on: group)
        let (ann, welcome) = try await WireClient.signIn("ann", port: edge.port)
        #expect(welcome.node == "edge-a")
        _ = try await ann.join("lobby")
        let said = try await ann.say("hello", in: "lobby")
        #expect(try await ann.expect("message").id == said.id)

        await edge.server.stop()
        #expect(try await ann.expect("draining").reconnectAfterMs != nil)
        #expect(try await ann.ending().code == 4000)
        await #expect(throws: (any Error).self) { try await WireClient.connect(port: edge.port) }
        #expect(edge.server.readiness != .ready)
        try await group.shutdownGracefully()
    }

    @Test func whoListsTheJoinerWithTheAnswerToItsJoin() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let edge = try await RunningEdge.alone(on: group)
        for number in 1...50 {
            let (client, _) = try await WireClient.signIn("user-\(number)", port: edge.port)
            client.send(text: #"{"type":"join","room":"lobby"}"#)
            client.send(text: #"{"type":"who","room":"lobby"}"#)
            #expect(try await client.expect("joined").count == number)
            #expect(try await client.expect("members").count == number)
        }
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func roomsAreListedByTheirLastActivity() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let edge = try await RunningEdge.alone(on: group)
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
        for room in ["attic", "cellar", "attic"] {
            _ = try await ann.join(room)
            _ = try await ann.say("dust", in: room)
        }
        ann.send(text: #"{"type":"rooms","ref":9,"limit":1}"#)
        let answer = try await ann.expect("rooms")
        #expect(answer.ref == .number(9))
        #expect(answer.rooms?.map(\.room) == ["attic"])
        #expect(answer.rooms?.map(\.members) == [1])
        ann.send(text: #"{"type":"rooms","ref":10}"#)
        #expect(try await ann.expect("rooms").rooms?.map(\.room) == ["attic", "cellar"])
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func aGuestWithALookalikeNameIsRefusedInTheRoom() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let edge = try await RunningEdge.alone(on: group)
        let (paul, _) = try await WireClient.signIn("paul", port: edge.port)
        _ = try await paul.join("lobby")
        let (other, _) = try await WireClient.signIn("pau1", port: edge.port)
        other.send(text: #"{"type":"join","ref":1,"room":"lobby"}"#)
        #expect(try await other.expect("error").code == "invalid_user")
        _ = try await other.join("elsewhere")
        let (again, _) = try await WireClient.signIn("paul", port: edge.port)
        #expect(try await again.join("lobby").count == 1)
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func twoEdgesOfOneProcessShareAStore() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let loop = group.next()
        let store = InProcessBroker.Store(on: loop, history: .init())
        let edges = [
            try await RunningEdge.start("edge-a", on: group) { node, _ in
                InProcessBroker(node: node, on: loop, store: store)
            },
            try await RunningEdge.start("edge-b", on: group) { node, _ in
                InProcessBroker(node: node, on: loop, store: store)
            },
        ]
        let (ann, welcome) = try await WireClient.signIn("ann", port: edges[0].port)
        let (bob, _) = try await WireClient.signIn("bob", port: edges[1].port)
        _ = try await ann.join("lobby")
        _ = try await bob.join("lobby")
        _ = try await ann.say("hello", in: "lobby")
        #expect(try await bob.expect("message").body == "hello")
        let (moved, resumed) = try await WireClient.signIn("ann", port: edges[1].port, resume: welcome.resume)
        #expect(resumed.resumed == true)
        #expect(try await ann.ending().code == 4005)
        _ = try await moved.join("lobby")
        #expect(try await bob.who("lobby").members?.map(\.user).sorted() == ["ann", "bob"])
        for edge in edges { await edge.server.stop() }
        try await group.shutdownGracefully()
    }

    /// Its late end belongs to the room it was in, not to the one of that name that was opened since.
    @Test func aClientThatIsSlowToCloseTakesNobodyOutOfTheRoom() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let store = InProcessBroker.Store(on: loop, history: .init())
        let edge = try await RunningEdge.start(on: group) { node, _ in
            InProcessBroker(node: node, on: loop, store: store)
        }
        let (ann, _) = try await WireClient.signIn("ann", port: edge.port)
        _ = try await ann.join("lobby")
        try await ann.pauseReading()
        let control = InProcessBroker(node: try NodeID.test("ctl"), on: loop, store: store)
        #expect(try await loop.flatSubmit { control.send(.kick(user: "ann"), to: nil) }.get() == 1)
        try await eventually("the room is closed") {
            edge.registry.prometheusText().contains("\ntermchat_edge_rooms 0\n")
        }

        let (bob, _) = try await WireClient.signIn("bob", port: edge.port)
        _ = try await bob.join("lobby")
        await ann.drop()
        try await eventually("ann's connection is gone") {
            edge.registry.prometheusText().contains("\ntermchat_edge_connections 1\n")
        }
        let said = try await bob.say("still here", in: "lobby")
        #expect(try await bob.expect("message").id == said.id)
        await edge.server.stop()
        try await group.shutdownGracefully()
    }

    @Test func nothingIsLeftOfAnEdgeThatStopped() async throws {
        let redis = try await LocalRedis.start()
        for _ in 1...6 {
            let port: Int
            weak var stopped: EdgeServer?
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
            do {
                let edge = try await RunningEdge.overRedis(redis, on: group)
                stopped = edge.server
                port = edge.port
                #expect(!openSockets(port: port, path: redis.unixPath).isEmpty)
                var clients: [WireClient] = []
                for number in 1...10 {
                    let (client, _) = try await WireClient.signIn("user-\(number)", port: edge.port)
                    _ = try await client.join("room-\(number % 3)")
                    clients.append(client)
                }
                _ = try await clients[0].say("hello", in: "room-1")
                await clients[1].reset()
                clients[2].close()
                await edge.server.stop()
                for client in clients[3...] { #expect(try await client.ending().code == 4000) }
            }
            try await group.shutdownGracefully()
            #expect(stopped == nil, "the edge is still referenced")
            try await eventually("no client of the edge is connected to Redis") {
                try await redis.cli("CLIENT", "LIST").split(separator: "\n").count == 1
            }
            let left = try await redis.cli("--scan").split(separator: "\n").filter {
                $0.contains("tc:node") || $0.hasSuffix(":members") || $0.hasPrefix("tc:reap")
            }
            #expect(left.isEmpty, "\(left)")
            // The clients' ends are at the edge's port too.
            do {
                try await eventually("no socket of the edge is open") {
                    openSockets(port: port, path: redis.unixPath).isEmpty
                }
            } catch {
                Issue.record("\(error): of \(port), \(openSockets(port: port, path: redis.unixPath))")
            }
        }
        try await redis.stop()
    }
}
