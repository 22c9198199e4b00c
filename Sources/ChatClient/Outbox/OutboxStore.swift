import Foundation
import NIOCore
import NIOPosix

/// Gives the session's loop and its callers the outbox's file without making them wait for the disk in place.
///
/// Its one thread owns the file, and work is done in the order in which it was asked for.
final class OutboxStore: @unchecked Sendable {
    /// Touched on the thread alone; nil when it is closed.
    private var file: OutboxFile?
    private let thread = NIOThreadPool(numberOfThreads: 1)

    init(path: String) throws {
        file = try OutboxFile(path: path)
        thread.start()
    }

    func restore() async throws -> [KeptMessage] {
        try await thread.runIfActive { try self.file?.restore() ?? [] }
    }

    /// When this returns the message is on disk.
    /// - Parameter place: nil while it cannot be sent.
    func add(_ message: OutgoingMessage, _ place: Place?) async throws {
        let kept = KeptMessage(message: message, time: Self.now, place: place)
        try await thread.runIfActive {
            guard let file = self.file else { throw OutboxError(message: "The outbox is closed.") }
            try file.add(kept)
        }
    }

    /// Succeeds when the file says so, or cannot: then a kill at the worst moment may store the message twice, which
    /// is better than not sending it.
    func placed(_ message: OutgoingMessage, _ place: Place, on loop: any EventLoop) -> EventLoopFuture<Void> {
        let time = Self.now
        return thread.runIfActive(eventLoop: loop) {
            try? self.file?.placed(key: message.key, place, time: time)
        }
    }

    /// A failure leaves the message in the file: a later run finds it in the room's history.
    func settled(_ message: OutgoingMessage) {
        thread.submit { state in
            if state == .active { try? self.file?.settled(key: message.key) }
        }
    }

    /// Waits for what was asked for before. When this returns, another session may take the file.
    func close() async {
        try? await thread.runIfActive { self.file = nil }
        try? await thread.shutdownGracefully()
    }

    /// Milliseconds since 1970.
    static var now: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1000)) }
}
