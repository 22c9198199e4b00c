import ChatTesting
import Testing

/// What users see of real programs on loopback. The scenarios share two cores, so they run one after the other.
@Suite(.serialized, .timeLimit(.minutes(2)))
enum Scenarios {}

/// Throws as `#require` does, for facts inside helpers.
func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    guard condition else { throw WireFailure(what()) }
}

extension TestCluster {
    /// Names of keys, and of keys with members or fields, that bear `text`.
    func redisKeys(bearing text: String) async throws -> [String] {
        var found: [String] = []
        for key in try await redis.cli("--scan").split(separator: "\n").map(String.init) {
            if key.contains(text) {
                found.append(key)
                continue
            }
            let content =
                switch try await redis.cli("TYPE", key).split(separator: "\n").first {
                case "hash": try await redis.cli("HGETALL", key)
                case "zset": try await redis.cli("ZRANGE", key, "0", "-1")
                case "set": try await redis.cli("SMEMBERS", key)
                case "string": try await redis.cli("GET", key)
                default: ""
                }
            if content.contains(text) { found.append(key) }
        }
        return found
    }
}
