import ServerKit

/// Testing has a type of this name, too.
typealias ExitStatus = ServerKit.ExitStatus
