/// The conditions of a request on a file that is there (RFC 9110 section 13). There are no dates: content never changes.
struct Conditionals: Sendable {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifRange: String?

    enum Outcome: Sendable, Equatable {
        case proceed
        /// 304, of GET and HEAD.
        case notModified
        /// 412.
        case failed
    }

    /// - Parameter isRead: whether the method is GET or HEAD.
    func outcome(for tag: EntityTag, isRead: Bool) -> Outcome {
        // What is not understood cannot be met; a change must not happen because of it.
        if let ifMatch, !Self.holds(EntityTagCondition(ifMatch), { $0.isStronglyEqual(to: tag) }) { return .failed }
        if let ifNoneMatch, Self.holds(EntityTagCondition(ifNoneMatch), { $0.isWeaklyEqual(to: tag) }) {
            return isRead ? .notModified : .failed
        }
        return .proceed
    }

    /// Whether Range counts: If-Range names this very content, strongly (section 13.1.5), or is not there.
    func allowsRange(of tag: EntityTag) -> Bool {
        guard let ifRange else { return true }
        return EntityTag(ifRange)?.isStronglyEqual(to: tag) == true
    }

    private static func holds(_ condition: EntityTagCondition?, _ isEqual: (EntityTag) -> Bool) -> Bool {
        switch condition {
        case .none: false
        case .any: true
        case .tags(let tags): tags.contains(where: isEqual)
        }
    }
}
