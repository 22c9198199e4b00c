import ChatBrokerRedis
import ChatControl
import Foundation
import HiredisClient
import Logging
import ServerKit

/// `termchat-ctl`: gives the commands their way to Redis.
@main
enum Main {
    static func main() async {
        ControlConnector.install { url, loop, watching in
            let redis: RedisSettings
            do throws(RedisError) {
                redis = try RedisSettings(url: url)
            } catch {
                throw ProcessFailure(.usage, "--redis: \(error)")
            }
            var settings = RedisBrokerSettings(redis: redis)
            settings.probes = watching
            let logger = LineLogHandler.logger("termchat-ctl", level: .error)
            return try RedisBroker(settings: settings, node: nil, on: loop, logger: logger)
        }
        let arguments = ControlCommand.normalised(Array(CommandLine.arguments.dropFirst()))
        if ControlCommand.toldUsage(arguments) { exit(ExitStatus.usage.rawValue) }
        await CommandMain.run(ControlCommand.self, arguments: ControlCommand.known(arguments))
    }
}
