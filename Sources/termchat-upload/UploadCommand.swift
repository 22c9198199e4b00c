import ArgumentParser
import ChatBroker
import ChatIdentity
import ChatUpload
import ChatWire
import Foundation
import Logging
import NIOCore
import NIOPosix
import ServerKit

/// `termchat-upload`: streams files to a shared volume and says so in their room.
@main
struct UploadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "termchat-upload",
        abstract: "Streams files to a shared volume and says so in their room.",
        discussion: "Each flag is also TERMCHAT_… in the environment and a key of the --config file.",
        version: ServerVersion.text)

    @Option(UploadKeys.listen) var listen: String?
    @Option(UploadKeys.admin) var admin: String?
    @Option(UploadKeys.redis) var redis: String?
    @Option(UploadKeys.broker) var broker: String?
    @Option(UploadKeys.node) var node: String?
    @Option(UploadKeys.volume) var volume: String?
    @Flag(UploadKeys.guests) var guests: Bool?
    @Option(UploadKeys.trustedProxies) var trustedProxies: String?
    @Option(UploadKeys.tokenKey) var tokenKey: String?
    @Option(UploadKeys.tokenAudience) var tokenAudience: String?
    @Option(UploadKeys.tokenIssuer) var tokenIssuer: String?
    @Option(UploadKeys.historyEntries) var historyEntries: String?
    @Option(UploadKeys.historyAge) var historyAge: String?
    @Option(UploadKeys.maxFileBytes) var maxFileBytes: String?
    @Option(UploadKeys.minFreeBytes) var minFreeBytes: String?
    @Option(UploadKeys.userPending) var userPending: String?
    @Option(UploadKeys.userBytesPerDay) var userBytesPerDay: String?
    @Option(UploadKeys.userUploadsPerMinute) var userUploadsPerMinute: String?
    @Option(UploadKeys.minBytesPerSecond) var minBytesPerSecond: String?
    @Option(UploadKeys.rateGraceSeconds) var rateGraceSeconds: String?
    @Option(UploadKeys.idleSeconds) var idleSeconds: String?
    @Option(UploadKeys.maxConnections) var maxConnections: String?
    @Option(UploadKeys.expireSeconds) var expireSeconds: String?
    @Option(UploadKeys.sweepSeconds) var sweepSeconds: String?
    @Option(UploadKeys.retentionSeconds) var retentionSeconds: String?
    @Option(UploadKeys.roomRetention) var roomRetention: String?
    @Option(UploadKeys.accelRedirect) var accelRedirect: String?
    @Option(UploadKeys.scan) var scan: String?
    @Option(UploadKeys.scanSeconds) var scanSeconds: String?
    @Option(UploadKeys.stopSeconds) var stopSeconds: String?
    @Option(UploadKeys.diskThreads) var diskThreads: String?
    @Option(UploadKeys.threads) var threads: String?
    @Option(UploadKeys.config) var config: String?
    @Option(UploadKeys.logLevel) var logLevel: String?
    @Option(UploadKeys.logFormat) var logFormat: String?

    static func main() async {
        await CommandMain.run(UploadCommand.self)
    }

    func run() async throws {
        let reader = try SettingsReader(
            UploadKeys.descriptions, flags: SettingFlags.values(of: self),
            environment: ProcessInfo.processInfo.environment, config: UploadKeys.config)
        let status = try await UploadProcess(reader).run()
        guard status == .done else { throw ExitCode(status.rawValue) }
    }
}
