import ChatBrokerRedis
import ChatControl
import ChatProcess
import Foundation
import HiredisClient
import Logging
import ServerKit

/// `termchat-ctl`: gives the commands their way to Redis.
@main
enum Main {
    static func main() async {
        ControlConnector.install { url, loop, watching in
            var settings = RedisBrokerSettings(redis: try RedisSettings(flag: url))
            settings.probes = watching
            let logger = LineLogHandler.logger("termchat-ctl", level: .error)
            return try RedisBroker(settings: settings, node: nil, on: loop, logger: logger)
        }
        let arguments = ControlCommand.normalised(Array(CommandLine.arguments.dropFirst()))
        if ControlCommand.toldUsage(arguments) { exit(ExitStatus.usage.rawValue) }
        await CommandMain.run(ControlCommand.self, arguments: ControlCommand.known(arguments))
    }
}
