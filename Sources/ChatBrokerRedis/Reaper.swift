import ChatWire
import NIOCore

/// Decides from what it is shown of the other nodes which of them are dead. No I/O and no clock.
///
/// A node is dead when its lease is gone, or when its inbox had no listener in every observation of `listenerGoneFor`.
/// Observations count only while this node's own link has been up for `trustAfter`: after a restart of Redis everyone
/// reconnects, and nobody is dead. A node never judges itself.
struct Reaper {
    struct Observation: Equatable {
        var hasLease: Bool
        var hasListener: Bool

        /// Whether a node that is about to be reaped lives after all.
        var isAlive: Bool { hasLease && hasListener }
    }

    private let node: NodeID
    private let listenerGoneFor: TimeAmount
    private let trustAfter: TimeAmount
    private var upSince: NIODeadline?
    private var silentSince: [NodeID: NIODeadline] = [:]

    init(node: NodeID, listenerGoneFor: TimeAmount, trustAfter: TimeAmount) {
        self.node = node
        self.listenerGoneFor = listenerGoneFor
        self.trustAfter = trustAfter
    }

    mutating func linkChanged(isUp: Bool, at now: NIODeadline) {
        upSince = isUp ? now : nil
        silentSince = [:]
    }

    /// The nodes that are dead. They stay in the answer until they are gone from the observations.
    mutating func observed(_ nodes: [NodeID: Observation], at now: NIODeadline) -> [NodeID] {
        guard let upSince, now >= upSince + trustAfter else { return [] }
        var silent: [NodeID: NIODeadline] = [:]
        var dead: [NodeID] = []
        for (id, observation) in nodes where id != node {
            let since = silentSince[id] ?? now
            if !observation.hasListener { silent[id] = since }
            if !observation.hasLease || (!observation.hasListener && now >= since + listenerGoneFor) { dead.append(id) }
        }
        silentSince = silent
        return dead
    }
}
