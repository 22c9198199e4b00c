import ChatTesting
import Testing

extension Scenarios {
    @Suite struct SlowReaders {
        private static let bodyBytes = 8000
        private static let messages = 2000
        private static let limits = [
            "--sends-per-second", "100000", "--history-entries", "10000", "--queue-entries", "64", "--queue-bytes",
            "262144",
        ]

        @Test func aReaderThatStopsIsPausedAndCatchesUpWhileOthersGoOn() async throws {
            // The sleeper answers no ping for as long as the others talk.
            let patience = ["--slow-seconds", "300", "--ping-seconds", "300"]
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.limits + patience) { cluster in
                let edge = try cluster.edge("edge-a")
                let (speaker, reader, sleeper) = (
                    Talker(user: "speaker", room: "flood"), Talker(user: "reader", room: "flood"),
                    Talker(user: "sleeper", room: "flood")
                )
                try await speaker.connect(port: edge.port)
                try await reader.connect(port: edge.port)
                try await sleeper.connect(port: edge.port, receiveBufferBytes: 4096)
                try await speaker.talk(messages: 400, window: 16, bodyBytes: Self.bodyBytes)
                try await sleeper.read(until: 400)
                let residentBefore = edge.process.residentBytes

                try await sleeper.pauseReading()
                async let read: Void = reader.read(until: Self.messages)
                try await speaker.talk(messages: Self.messages, window: 16, bodyBytes: Self.bodyBytes)
                try await read
                let growth = edge.process.residentBytes - residentBefore
                #expect(
                    growth < 8 << 20,
                    "\(Self.messages * Self.bodyBytes >> 20) MB passed by, the edge grew by \(growth >> 20) MB")

                try await sleeper.resumeReading()
                try await sleeper.read(until: Self.messages)
                #expect(await sleeper.slowFrames >= 1)
                try await speaker.talk(messages: Self.messages + 5)
                try await sleeper.read(until: Self.messages + 5)
                try await speaker.read(until: Self.messages + 5)
                #expect(await sleeper.log.entries == speaker.log.entries)
            }
        }

        @Test func aReaderThatIgnoresItsPauseIsToldWhyItIsClosed() async throws {
            try await TestCluster.with(nodes: ["edge-a"], flags: Self.limits + ["--slow-seconds", "2"]) { cluster in
                let edge = try cluster.edge("edge-a")
                let speaker = Talker(user: "speaker", room: "flood")
                try await speaker.connect(port: edge.port)
                let (sleeper, _) = try await WireClient.signIn("sleeper", port: edge.port, receiveBufferBytes: 4096)
                _ = try await sleeper.join("flood")
                try await sleeper.pauseReading()
                try await speaker.talk(messages: 400, window: 16, bodyBytes: Self.bodyBytes)
                try await sleeper.resumeReading()
                try await sleeper.expect("slow")
                let ending = try await sleeper.ending()
                #expect(ending.code == 4001, "\(ending)")
            }
        }

        @Test func aReaderThatNeverReadsIsClosed() async throws {
            try await TestCluster.with(
                nodes: ["edge-a"], flags: Self.limits + ["--slow-seconds", "1", "--grace-seconds", "1"]
            ) { cluster in
                let edge = try cluster.edge("edge-a")
                let speaker = Talker(user: "speaker", room: "flood", doomed: ["sleeper"])
                try await speaker.connect(port: edge.port)
                let (sleeper, _) = try await WireClient.signIn("sleeper", port: edge.port, receiveBufferBytes: 4096)
                _ = try await sleeper.join("flood")
                try await sleeper.pauseReading()
                let (watcher, _) = try await WireClient.signIn("watcher", port: edge.port)
                _ = try await watcher.join("flood")
                try await speaker.talk(messages: 2000, window: 16, bodyBytes: Self.bodyBytes)
                try await watcher.expect("presence", within: .seconds(15)) { $0.left?.first?.user == "sleeper" }
                // Where the reset has arrived already there is nothing to read from.
                try? await sleeper.resumeReading()
                let ending = try await sleeper.ending()
                #expect(ending == .cut || ending.code == 4001, "\(ending)")
            }
        }
    }
}
