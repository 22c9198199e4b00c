import ChatTesting
import Logging
import NIOCore
import NIOPosix

@testable import HiredisClient

/// Any command, with its reply as it came.
struct Call: RedisCommand {
    var arguments: RESPCommand

    init(_ words: String...) { arguments = RESPCommand(words[0], Array(words.dropFirst())) }

    func decode(_ reply: RESPValue) throws(RedisError) -> RESPValue { reply }
}

/// A command link under test, called from outside its loop.
struct CommandClient: Sendable {
    let link: RedisCommandLink
    let states = Recorder<RedisLinkState>()

    func send<Command: RedisCommand>(_ command: Command) async throws -> Command.Reply {
        try await link.eventLoop.flatSubmit { link.send(command) }.get()
    }

    /// Runs on the link's loop, for calls that must fall into one tick.
    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (RedisCommandLink) -> Value) async throws -> Value {
        try await link.eventLoop.submit { body(link) }.get()
    }

    func isUp() async throws { try await eventually("the link is up: \(states.values)") { try await onLoop(\.isUp) } }

    func reports(_ what: String, _ condition: @escaping @Sendable (RedisLinkState) -> Bool) async throws {
        try await eventually("the link reports \(what)") { states.values.contains(where: condition) }
    }
}

/// A subscription link under test, called from outside its loop.
struct SubscriptionClient: Sendable {
    let link: RedisSubscriptionLink
    let states = Recorder<RedisLinkState>()
    /// `channel payload` of each message.
    let messages = Recorder<String>()

    func subscribe(_ channels: String...) async throws { try await subscribe(channels) }

    func subscribe(_ channels: [String]) async throws {
        try await link.eventLoop.flatSubmit {
            EventLoopFuture.andAllSucceed(channels.map { link.subscribe($0) }, on: link.eventLoop)
        }.get()
    }

    func onLoop<Value: Sendable>(_ body: @escaping @Sendable (RedisSubscriptionLink) -> Value) async throws -> Value {
        try await link.eventLoop.submit { body(link) }.get()
    }

    func isUp() async throws { try await eventually("the link is up: \(states.values)") { try await onLoop(\.isUp) } }

    /// Waits until the link was up so many times, so that a loss between is seen, however short.
    func wasUp(times: Int) async throws {
        try await eventually("the link comes up \(times) times: \(states.values)") {
            states.values.count { if case .up = $0 { true } else { false } } >= times
        }
    }

    func hears(_ message: String) async throws {
        try await eventually("\(message) is heard: \(messages.values.suffix(5))") { messages.values.contains(message) }
    }
}

private func settings(_ url: String, _ configure: (inout RedisSettings) -> Void) throws -> RedisSettings {
    var settings = try RedisSettings(url: url)
    settings.clientName = "test"
    configure(&settings)
    return settings
}

/// Runs `body` with a started command link and stops it.
func withCommandLink(
    to url: String, configure: (inout RedisSettings) -> Void = { _ in }, _ body: (CommandClient) async throws -> Void
) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let client = CommandClient(
        link: RedisCommandLink(settings: try settings(url, configure), eventLoop: loop, logger: Logger(label: "test")))
    _ = try await client.onLoop { link in
        link.onStateChange = client.states.append
        link.start()
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    try await loop.flatSubmit { client.link.stop() }.get()
    try result.get()
}

/// Runs `body` with a started subscription link and stops it.
func withSubscriptionLink(
    to url: String, configure: (inout RedisSettings) -> Void = { _ in },
    _ body: (SubscriptionClient) async throws -> Void
) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let client = SubscriptionClient(
        link: RedisSubscriptionLink(
            settings: try settings(url, configure), eventLoop: loop, logger: Logger(label: "test")))
    _ = try await client.onLoop { link in
        link.onStateChange = client.states.append
        link.onMessages = { messages in
            client.messages.append(contentsOf: messages.map { "\($0.channel) \(String(buffer: $0.payload))" })
        }
        link.start()
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(client)) } catch { result = .failure(error) }
    try await loop.flatSubmit { client.link.stop() }.get()
    try result.get()
}

/// Runs `body` with a Redis of its own and stops it.
func withRedis(
    _ options: LocalRedis.Options = LocalRedis.Options(), _ body: (LocalRedis) async throws -> Void
) async throws {
    let redis = try await LocalRedis.start(options)
    let result: Result<Void, any Error>
    do { result = .success(try await body(redis)) } catch { result = .failure(error) }
    try await redis.stop()
    try result.get()
}

/// The code of the ``RedisError`` that `body` throws; nil where it throws none.
func code(of body: () async throws -> Void) async -> RedisError.Code? {
    do {
        try await body()
        return nil
    } catch {
        return (error as? RedisError)?.code
    }
}
