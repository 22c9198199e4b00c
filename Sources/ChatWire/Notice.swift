/// How much a notice matters.
public enum NoticeLevel: String, Sendable, CaseIterable {
    case info
    case warning
}

/// What a notice is about.
public enum NoticeCode: String, Sendable, CaseIterable {
    case degraded
    case restored
    case announcement
}
