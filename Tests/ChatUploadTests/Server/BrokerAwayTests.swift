import ChatBroker
import ChatTesting
import NIOCore
import Testing

@testable import ChatUpload

/// The room knows of a file, and then the broker is away: what the file counts for its user waits for a sweep.
@Suite struct BrokerAwayTests {
    private static let path = "/api/rooms/lobby/files/n?username=ann"

    @Test func whatAFinishedFileCountsIsToldByASweep() async throws {
        let temporary = try TemporaryVolume()
        let volume = FaultyVolume(temporary.volume)
        let store = RunningWorker.store()
        let change = { @Sendable (settings: inout UploadSettings) in
            settings.allowance = .init(pending: 1, bytesPerDay: 10, perMinute: 100)
        }
        let worker = try await RunningWorker.start(on: volume, store: store, change)
        volume.behindRename(into: Layout.files) { [broker = worker.broker] in
            try broker.eventLoop.flatSubmit { broker.stop() }.wait()
        }
        #expect(try await worker.ask("PUT", Self.path, body: "hello").status == 201)
        let owner = temporary.files(in: Layout.partial)
        #expect(owner.count == 1 && owner.allSatisfy { $0.hasSuffix("/owner") }, "\(owner)")
        try await Sweeper(engine: worker.server.engine).sweep(now: Int(Int32.max))
        #expect(temporary.files(in: Layout.partial) == owner, "the broker is still away")
        await worker.server.stop()

        let next = try await RunningWorker.start(on: temporary.volume, store: store, change)
        try await Sweeper(engine: next.server.engine).sweep(now: Int(Int32.max))
        #expect(temporary.files(in: Layout.partial).isEmpty)
        #expect(try await next.ask("PUT", Self.path, body: "sixmor").status == 429, "five of ten are used")
        #expect(try await next.ask("PUT", Self.path, body: "world").status == 201, "none is pending")
        await next.server.stop()
    }
}
