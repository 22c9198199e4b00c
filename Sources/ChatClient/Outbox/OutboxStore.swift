import NIOPosix

/// Gives the session's loop and its callers the outbox's file without making them wait for the disk in place.
///
/// Its one thread owns the file, and work is done in the order in which it was asked for.
final class OutboxStore: @unchecked Sendable {
    private let file: OutboxFile
    private let thread = NIOThreadPool(numberOfThreads: 1)

    init(path: String) throws {
        file = try OutboxFile(path: path)
        thread.start()
    }

    func restore() async throws -> [OutgoingMessage] {
        try await thread.runIfActive { try self.file.restore() }
    }

    /// When this returns the message is on disk.
    func add(_ message: OutgoingMessage) async throws {
        try await thread.runIfActive { try self.file.add(message) }
    }

    /// A failure leaves the message in the file: it is sent again by a later run, with the same key.
    func settled(_ message: OutgoingMessage) {
        thread.submit { state in
            if state == .active { try? self.file.settled(key: message.key) }
        }
    }

    /// Waits for what was asked for before.
    func close() async {
        try? await thread.runIfActive {}
        try? await thread.shutdownGracefully()
    }
}
