public import ChatBroker
import ChatBrokerRedis
public import ChatWire
import HiredisClient
public import Logging
public import NIOCore
public import ServerKit

/// Everything that a program asks of its broker.
public typealias ProcessBroker = Broker & NodeRegistry & PresenceStore & RoomNotes & DirectRooms & FileRegistry

/// The settings that choose a server's broker, as its keys have them, and the broker that they come to.
public struct BrokerKeys: Sendable {
    private let broker: Setting<String>
    private let redis: Setting<String>
    private let historyEntries: Setting<Int>
    private let historyAge: Setting<Duration>

    public init(
        broker: Setting<String>, redis: Setting<String>, historyEntries: Setting<Int>, historyAge: Setting<Duration>
    ) {
        self.broker = broker
        self.redis = redis
        self.historyEntries = historyEntries
        self.historyAge = historyAge
    }

    /// - Throws: `SettingsError`; `ProcessFailure` for a URL that is none; what the broker cannot begin with.
    public func broker(
        _ reader: SettingsReader, node: NodeID, on loop: any EventLoop, logger: Logger
    ) throws -> any ProcessBroker {
        let bounds = HistoryBounds(
            entries: try reader.value(of: historyEntries), age: try reader.value(of: historyAge))
        if try reader.value(of: broker) == "memory" {
            return InProcessBroker(node: node, on: loop, store: .init(on: loop, history: bounds))
        }
        var settings = RedisBrokerSettings(redis: try RedisSettings(flag: try reader.value(of: redis)))
        settings.history = bounds
        return try RedisBroker(settings: settings, node: node, on: loop, logger: logger)
    }
}
