import NIOPosix
import Testing

@testable import ChatUpload

@Suite struct DiskThreadsTests {
    /// Half a step on the volume would be worse than a late one.
    @Test func whatWasBegunIsDoneThoughItsTaskIsCancelled() async throws {
        let disk = DiskThreads(pool: .singleton)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await disk.run { "done" }
        }
        #expect(try await task.value == "done")
    }

    @Test func workIsThereForWhoAsksLate() async throws {
        let work = DiskThreads(pool: .singleton).begin { "done" }
        while !work.isDone { await Task.yield() }
        #expect(try await work.value == "done")
    }

    @Test func nothingWaitsForThreadsThatAreStopped() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        try await pool.shutdownGracefully()
        await #expect(throws: CancellationError.self) { try await DiskThreads(pool: pool).run {} }
    }
}
