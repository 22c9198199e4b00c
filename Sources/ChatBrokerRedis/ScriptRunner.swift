import HiredisClient
import NIOCore

/// Runs scripts by the name that Redis gave them, and sends the source again where Redis lost it (`SCRIPT FLUSH`, a
/// restart, a failover). Bound to the link's event loop.
final class ScriptRunner: @unchecked Sendable {
    private let link: RedisCommandLink
    private var names: [Script: String] = [:]

    init(link: RedisCommandLink) { self.link = link }

    /// To be called whenever the link came up, before anything is run.
    func load() {
        for script in Script.allCases {
            link.send(ScriptLoad(script: script)).assumeIsolated().whenSuccess { [self] in names[script] = $0 }
        }
    }

    func run<Call: ScriptCall>(_ call: Call) -> EventLoopFuture<Call.Reply> {
        guard let name = names[Call.script] else { return link.send(Evaluate(call: call)) }
        return link.send(Evaluate(call: call, sha: name)).flatMapError { [self] error in
            guard (error as? RedisError)?.replyPrefix == "NOSCRIPT" else {
                return link.eventLoop.makeFailedFuture(error)
            }
            return link.send(Evaluate(call: call))
        }
    }
}
