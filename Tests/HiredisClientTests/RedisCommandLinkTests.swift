import ChatTesting
import NIOCore
import Testing

@testable import HiredisClient

@Suite(.timeLimit(.minutes(2))) struct RedisCommandLinkTests {
    @Test func repliesComeInTheOrderOfTheCommands() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                let replies = try await client.link.eventLoop.flatSubmit {
                    EventLoopFuture.whenAllSucceed(
                        (0..<10_000).map { client.link.send(Call("ECHO", String($0))) }, on: client.link.eventLoop)
                }.get()
                #expect(replies == (0..<10_000).map { .text(String($0)) })
            }
        }
    }

    @Test func anyBytesOfAnySizeTravelBothWays() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.unixURL) { client in
                try await client.isUp()
                var command = RESPCommand("ECHO")
                let value = (0..<(5 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                command.append(value)
                var echo = Call("")
                echo.arguments = command
                #expect(try await client.send(echo).bytes == ByteBuffer(bytes: value))
            }
        }
    }

    @Test func theDatabaseAndTheNameAreTheSettings() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url + "/3") { client in
                try await client.isUp()
                #expect(try await client.send(Call("SET", "key", "value")) == .simple("OK"))
                #expect(try await redis.cli("-n", "3", "GET", "key") == "value")
                #expect(try await redis.cli("CLIENT", "LIST").contains("name=test"))
            }
        }
    }

    @Test func upSaysWhichServerItIs() async throws {
        try await withRedis { redis in
            let info = try await redis.cli("INFO", "replication")
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                guard case .up(let server)? = client.states.last else {
                    Issue.record("not reported: \(client.states.values)")
                    return
                }
                #expect(!server.isReplica && info.contains("master_replid:\(server.replicationID)"))
            }
        }
    }

    @Test func passwordsAndUsersSignIn() async throws {
        let options = LocalRedis.Options(password: "p@ss word", users: ["alice on >secret ~* &* +@all"])
        try await withRedis(options) { redis in
            let host = "127.0.0.1:\(redis.port)"
            for (credentials, user) in [(":p%40ss%20word", "default"), ("alice:secret", "alice")] {
                try await withCommandLink(to: "redis://\(credentials)@\(host)") { client in
                    try await client.isUp()
                    #expect(try await client.send(Call("ACL", "WHOAMI")) == .text(user))
                }
            }
        }
    }

    @Test(arguments: [":wrong@", "alice:wrong@", ""])
    func aWrongPasswordIsSaidClearly(credentials: String) async throws {
        try await withRedis(LocalRedis.Options(password: "right")) { redis in
            try await withCommandLink(to: "redis://\(credentials)127.0.0.1:\(redis.port)") { client in
                try await client.reports("why it is down") { state in
                    guard case .down(let reason) = state else { return false }
                    return reason.contains(credentials.isEmpty ? "NOAUTH" : "WRONGPASS") && !reason.contains("wrong@")
                }
            }
        }
    }

    @Test func anErrorOfTheServerFailsItsCommandAlone() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                do {
                    _ = try await client.send(Call("EVALSHA", String(repeating: "0", count: 40), "0"))
                    Issue.record("there is no such script")
                } catch let error as RedisError {
                    #expect(error.code == .reply && error.replyPrefix == "NOSCRIPT")
                }
                try await client.send(Ping())
            }
        }
    }

    @Test func aKilledConnectionComesBack() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                try await redis.cli("CLIENT", "KILL", "TYPE", "normal")
                try await client.reports("the loss") { if case .down = $0 { true } else { false } }
                try await client.isUp()
                try await client.send(Ping())
            }
        }
    }

    @Test func aServerThatIsAwayIsWaitedFor() async throws {
        try await withRedis { redis in
            try await redis.kill()
            try await withCommandLink(to: redis.url) { client in
                try await client.reports("why it is down") { if case .down = $0 { true } else { false } }
                #expect(await code { try await client.send(Ping()) } == .notSent)
                try await redis.restart()
                try await client.isUp()
                try await redis.restart()
                try await client.isUp()
                try await client.send(Ping())
            }
        }
    }

    @Test func commandsThatWereSentAreLostAndOthersWereNot() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                redis.pause()
                let sent = try await client.onLoop { $0.send(Ping()) }
                let unsent = try await client.onLoop { link in
                    let future = link.send(Ping())
                    link.close(reason: "The probe was not answered.")
                    return future
                }
                #expect(await code { try await sent.get() } == .lost)
                #expect(await code { try await unsent.get() } == .notSent)
                #expect(client.states.last == .down(reason: "disconnected: The probe was not answered."))
                redis.resume()
                try await client.isUp()
                try await client.send(Ping())
            }
        }
    }

    @Test func noMoreThanTheLimitWaits() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url, configure: { $0.limits.pendingCommandsMax = 10 }) { client in
                try await client.isUp()
                redis.pause()
                let futures = try await client.onLoop { link in (0..<11).map { _ in link.send(Ping()) } }
                #expect(await code { try await futures[10].get() } == .overloaded)
                redis.resume()
                for future in futures[..<10] { try await future.get() }
                try await client.send(Ping())
            }
        }
    }

    @Test func aServerThatNeverAnswersIsGivenUp() async throws {
        try await withRedis { redis in
            redis.pause()
            try await withCommandLink(to: redis.url, configure: { $0.connectTimeout = .milliseconds(100) }) { client in
                try await client.reports("the time-out") { state in
                    guard case .down(let reason) = state else { return false }
                    return reason.contains("did not answer within")
                }
                redis.resume()
                try await client.isUp()
            }
        }
    }

    @Test func aReplicaIsRefused() async throws {
        try await withRedis { master in
            let options = LocalRedis.Options(configuration: ["replicaof 127.0.0.1 \(master.port)"])
            try await withRedis(options) { replica in
                try await withCommandLink(to: replica.url) { client in
                    try await client.reports("a replica") { state in
                        guard case .down(let reason) = state else { return false }
                        return reason.contains("replica")
                    }
                    try await replica.cli("REPLICAOF", "NO", "ONE")
                    try await client.isUp()
                }
            }
        }
    }

    @Test(arguments: [
        "?what\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "*2000000\r\n",
        "+PONG\r\n+PONG\r\n",
    ])
    func whatIsNoAnswerEndsThatConnectionOnly(script: String) async throws {
        let server = try await ScriptedServer.start(script: script)
        try await withCommandLink(to: server.url) { client in
            try await client.isUp()
            let outcome = await code { try await client.send(Ping()) }
            #expect(outcome == (script.hasPrefix("+") ? nil : .lost))
            try await client.reports("the violation") { state in
                guard case .down(let reason) = state else { return false }
                return reason.contains("protocolViolation")
            }
            try await client.isUp()
        }
        try await server.stop()
    }

    @Test func stoppingLeavesNothingOpen() async throws {
        try await withRedis { redis in
            var stopped: CommandClient?
            try await withCommandLink(to: redis.url) { client in
                try await client.isUp()
                redis.pause()
                let sent = try await client.onLoop { $0.send(Ping()) }
                let unsent = try await client.onLoop { link in
                    let future = link.send(Ping())
                    _ = link.stop()
                    return future
                }
                #expect(await code { try await sent.get() } == .lost)
                #expect(await code { try await unsent.get() } == .stopped)
                #expect(await code { try await client.send(Ping()) } == .stopped)
                redis.resume()
                stopped = client
            }
            #expect(try await stopped?.onLoop(\.isUp) == false)
            try await eventually("Redis has no client left") {
                try await !redis.cli("CLIENT", "LIST").contains("name=test")
            }
        }
    }

    @Test func stoppingBeforeTheConnectionIsThereEnds() async throws {
        try await withRedis { redis in
            try await withCommandLink(to: redis.url) { _ in }
            try await redis.kill()
            try await withCommandLink(to: redis.url) { _ in }
            try await withCommandLink(to: redis.url) { client in
                try await client.reports("the refusal") { if case .down = $0 { true } else { false } }
            }
        }
    }
}
