/// The exit statuses of every process of the project.
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    case failed = 1
    /// A wrong flag, setting or argument.
    case usage = 2
    /// Something that the process needs is away.
    case unavailable = 3
    case notPermitted = 4
    /// Entries between two known ones can no longer be had.
    case gap = 5
}

/// An error that knows how the process should end.
public protocol ExitStatusProviding: Error {
    var exitStatus: ExitStatus { get }
}

/// Why a process ends with a status other than 0, for the person who started it.
public struct ProcessFailure: ExitStatusProviding, CustomStringConvertible {
    public var exitStatus: ExitStatus
    /// One sentence and the next step.
    public var description: String

    public init(_ exitStatus: ExitStatus, _ description: String) {
        self.exitStatus = exitStatus
        self.description = description
    }
}
