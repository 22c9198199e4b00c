public import HiredisClient
import ServerKit

extension RedisSettings {
    /// What `--redis` says.
    /// - Throws: `ProcessFailure`, which ends the process as a wrong use of it.
    public init(flag url: String) throws {
        do throws(RedisError) {
            try self.init(url: url)
        } catch {
            throw ProcessFailure(.usage, "--redis: \(error)")
        }
    }
}
