import HiredisClient
import NIOCore

/// The Lua scripts of Scripts/, by the file's name.
enum Script: CaseIterable {
    case publish
    case history
    case presence
    case reap
    case forget
    case reserve
    case files
    case topic
    case read
    case directs
    case volume

    var source: [UInt8] {
        switch self {
        case .publish: PackageResources.publish_lua
        case .history: PackageResources.history_lua
        case .presence: PackageResources.presence_lua
        case .reap: PackageResources.reap_lua
        case .forget: PackageResources.forget_lua
        case .reserve: PackageResources.reserve_lua
        case .files: PackageResources.files_lua
        case .topic: PackageResources.topic_lua
        case .read: PackageResources.read_lua
        case .directs: PackageResources.directs_lua
        case .volume: PackageResources.volume_lua
        }
    }
}

/// One call of a script: its keys, its arguments and how its reply reads.
protocol ScriptCall: Sendable {
    associatedtype Reply: Sendable

    static var script: Script { get }
    var keys: [String] { get }
    func appendArguments(to command: inout RESPCommand)
    func decode(_ reply: RESPValue) throws(RedisError) -> Reply
}

/// `SCRIPT LOAD`: the name that Redis gives the script.
struct ScriptLoad: RedisCommand {
    var script: Script

    var arguments: RESPCommand {
        var command = RESPCommand("SCRIPT", "LOAD")
        command.append(script.source)
        return command
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> String { try reply.text }
}

/// `EVALSHA`, or `EVAL` where Redis does not have the script.
struct Evaluate<Call: ScriptCall>: RedisCommand {
    var call: Call
    /// nil sends the source.
    var sha: String?

    var arguments: RESPCommand {
        var command = RESPCommand(sha == nil ? "EVAL" : "EVALSHA", reserving: 512)
        if let sha { command.append(sha) } else { command.append(Call.script.source) }
        command.append(call.keys.count)
        for key in call.keys { command.append(key) }
        call.appendArguments(to: &command)
        return command
    }

    func decode(_ reply: RESPValue) throws(RedisError) -> Call.Reply { try call.decode(reply) }
}
