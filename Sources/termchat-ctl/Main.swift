import ChatBrokerRedis
import ChatControl
import HiredisClient
import Logging
import ServerKit

/// `termchat-ctl`: gives the commands their way to Redis.
@main
enum Main {
    static func main() async {
        await ControlConnector.$connect.withValue(
            { url, loop in
                let redis: RedisSettings
                do throws(RedisError) {
                    redis = try RedisSettings(url: url)
                } catch {
                    throw ProcessFailure(.usage, "--redis: \(error)")
                }
                var settings = RedisBrokerSettings(redis: redis)
                settings.probes = false
                let logger = LineLogHandler.logger("termchat-ctl", level: .error)
                return try RedisBroker(settings: settings, node: nil, on: loop, logger: logger)
            }, operation: run)
    }

    private static func run() async {
        await CommandMain.run(
            ControlCommand.self, arguments: ControlCommand.normalised(Array(CommandLine.arguments.dropFirst())))
    }
}
