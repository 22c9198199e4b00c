/// Whether a process should get traffic.
public enum Readiness: Sendable, Equatable {
    case ready
    /// Why not, in words for an operator.
    case notReady(reasons: [String])
}
