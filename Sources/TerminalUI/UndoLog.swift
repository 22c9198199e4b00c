/// The changes to a text, so that they can be taken back one by one.
struct UndoLog: Sendable {
    struct Step: Sendable {
        var change: ClusterText.Change
        /// Where the cursor was before it.
        let cursor: Int

        var clusters: Int { change.old.count + change.new.count }
    }

    private var steps: [Step] = []
    private var clusters = 0

    /// - Parameter joinsLast: whether it is taken back together with the step before it, as the letters of a word are.
    mutating func add(_ change: ClusterText.Change, cursor: Int, joinsLast: Bool) {
        if joinsLast, let last = steps.last?.change, change.start >= last.start,
            change.start + change.old.count <= last.start + last.new.count
        {
            let start = change.start - last.start
            clusters += change.new.count - change.old.count
            steps[steps.count - 1].change.new.replaceSubrange(start..<(start + change.old.count), with: change.new)
        } else {
            steps.append(Step(change: change, cursor: cursor))
            clusters += change.old.count + change.new.count
        }
        while steps.count > InputLimits.undoStepsMax || (clusters > InputLimits.undoClustersMax && !steps.isEmpty) {
            clusters -= steps.removeFirst().clusters
        }
    }

    mutating func removeLast() -> Step? {
        guard let step = steps.popLast() else { return nil }
        clusters -= step.clusters
        return step
    }
}
