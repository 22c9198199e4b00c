import ChatWire
import NIOCore

/// Decides from what it is shown of the other nodes which of them are dead. No I/O and no clock.
///
/// A node is dead when its lease is gone, or when its inbox had no listener in every observation of `listenerGoneFor`.
/// After a restart of Redis everyone reconnects, and nobody is dead: a node is judged once it was seen alive since this
/// node's own link came up, or when that has been up for `trustAfter`. A node never judges itself.
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
    /// Since the own link came up.
    private var seenAlive: Set<NodeID> = []

    init(node: NodeID, listenerGoneFor: TimeAmount, trustAfter: TimeAmount) {
        self.node = node
        self.listenerGoneFor = listenerGoneFor
        self.trustAfter = trustAfter
    }

    mutating func linkChanged(isUp: Bool, at now: NIODeadline) {
        upSince = isUp ? now : nil
        silentSince = [:]
        seenAlive = []
    }

    /// The nodes that are dead. They stay in the answer until they are gone from the observations.
    mutating func observed(_ nodes: [NodeID: Observation], at now: NIODeadline) -> [NodeID] {
        guard let upSince else { return [] }
        let isTrusted = now >= upSince + trustAfter
        seenAlive.formIntersection(nodes.keys)
        var silent: [NodeID: NIODeadline] = [:]
        var dead: [NodeID] = []
        for (id, observation) in nodes where id != node {
            if observation.isAlive { seenAlive.insert(id) }
            guard isTrusted || seenAlive.contains(id) else { continue }
            let since = silentSince[id] ?? now
            if !observation.hasListener { silent[id] = since }
            if !observation.hasLease || (!observation.hasListener && now >= since + listenerGoneFor) { dead.append(id) }
        }
        silentSince = silent
        return dead
    }
}
