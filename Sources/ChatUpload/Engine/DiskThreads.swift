import NIOCore
import NIOPosix

/// Where everything that waits for the volume runs. Work that was given to it is done even if the request that wanted it is
/// cancelled: half a step would be worse than a late one.
struct DiskThreads: Sendable {
    let pool: NIOThreadPool
    let loops: any EventLoopGroup

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(eventLoop: loops.any(), body).get()
    }

    /// The same without waiting.
    func begin(_ body: @escaping @Sendable () throws -> Void) -> EventLoopFuture<Void> {
        pool.runIfActive(eventLoop: loops.any(), body)
    }
}
