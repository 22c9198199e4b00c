import HiredisClient

/// Whether the server of the two links is still the one they were made to. No I/O and no clock.
///
/// A master that is demoted keeps its connections, and PUBLISH goes on working there, so neither a socket nor a probe
/// tells; and where a name moved to another server between the two connections, they talk to different ones. That is told
/// by the processes: the replication id of a master changes in place, with its first replica for one.
struct ServerWatch {
    /// What the server of the subscription link said when that came up; nil while it is down.
    var ofSubscriptions: RedisServerInfo?

    /// The server of the command link says this of itself now.
    /// - Returns: why both links must be made anew, if so.
    func reason(toLeave server: RedisServerInfo) -> String? {
        if server.isReplica { return "The server became a replica." }
        guard let other = ofSubscriptions?.runID, !other.isEmpty, !server.runID.isEmpty, other != server.runID else {
            return nil
        }
        return "The links are to different servers."
    }
}
