import ChatTesting
import Testing

extension Scenarios {
    @Suite struct Paging {
        @Test func pagesOfHistoryMeetWithoutHoles() async throws {
            try await TestCluster.with(flags: ["--sends-per-second", "1000"]) { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await ann.join("lobby")
                var ids: [String] = []
                for number in 0..<25 { ids.append(try await ann.say("\(number)", in: "lobby").id ?? "") }

                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-b").port)
                let joined = try await bob.join("lobby", limit: 10)
                #expect(joined.messages?.map(\.id) == Array(ids[15...]))
                #expect(joined.more == true)
                let older = try await bob.history("lobby", before: ids[15], limit: 10)
                #expect(older.messages?.map(\.id) == Array(ids[5..<15]))
                #expect(older.more == true)
                let oldest = try await bob.history("lobby", before: ids[5], limit: 10)
                #expect(oldest.messages?.map(\.id) == Array(ids[..<5]))
                #expect(oldest.more == false)
                let newer = try await bob.history("lobby", after: ids[4], limit: 10)
                #expect(newer.messages?.map(\.id) == Array(ids[5..<15]))
                #expect(newer.more == true)
                let newest = try await bob.history("lobby", after: ids[14], limit: 10)
                #expect(newest.messages?.map(\.id) == Array(ids[15...]))
                #expect(newest.more == false)
            }
        }

        @Test func whatTheHistoryNoLongerHasIsSaid() async throws {
            let flags = ["--sends-per-second", "10000", "--history-entries", "100"]
            try await TestCluster.with(nodes: ["edge-a"], flags: flags) { cluster in
                let (ann, _) = try await WireClient.signIn("ann", port: cluster.edge("edge-a").port)
                _ = try await ann.join("lobby")
                let first = try await ann.say("first", in: "lobby")
                for number in 0..<600 { try ann.post("more", in: "lobby", key: "k\(number)") }
                _ = try await ann.answer(to: "k599")
                let (bob, _) = try await WireClient.signIn("bob", port: cluster.edge("edge-a").port)
                let joined = try await bob.join("lobby", since: first.id, limit: 1000)
                #expect(joined.complete == false)
                #expect(joined.messages?.isEmpty == false)
                let unknown = try await bob.join("lobby", since: "1-1", limit: 1000)
                #expect(unknown.complete == false)
            }
        }
    }
}
