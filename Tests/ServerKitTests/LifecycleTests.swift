import Logging
import NIOConcurrencyHelpers
import Testing

@testable import ServerKit

/// In one process, so one at a time: each traps the signals of the process.
@Suite(.serialized, .timeLimit(.minutes(1))) struct LifecycleTests {
    struct Broken: Error {}

    final class Journal: Sendable {
        private let entries = NIOLockedValueBox<[String]>([])
        var all: [String] { entries.withLockedValue { $0 } }
        func add(_ entry: String) { entries.withLockedValue { $0.append(entry) } }

        func service(_ name: String, failing: Bool = false) -> Lifecycle.Service {
            .init(
                name,
                start: {
                    self.add("+" + name)
                    if failing { throw Broken() }
                }, drain: { self.add("-" + name) })
        }
    }

    func lifecycle(
        deadline: Duration = .seconds(50), exitNow: @escaping @Sendable (ExitStatus) -> Void = { _ in }
    ) -> Lifecycle {
        Lifecycle(
            deadline: deadline, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            exitNow: exitNow)
    }

    @Test func servicesStopInReverse() async throws {
        let journal = Journal()
        let lifecycle = lifecycle()
        let status = try await lifecycle.run([
            journal.service("a"), journal.service("b"),
            .init("c", start: { lifecycle.drain() }, drain: { journal.add("draining: \(lifecycle.isDraining)") }),
        ])
        #expect(status == .done)
        #expect(journal.all == ["+a", "+b", "draining: true", "-b", "-a"])
    }

    @Test func aServiceThatCannotStartStopsTheOthers() async {
        let journal = Journal()
        await #expect(throws: Broken.self) {
            _ = try await lifecycle().run([
                journal.service("a"), journal.service("b", failing: true), journal.service("c"),
            ])
        }
        #expect(journal.all == ["+a", "+b", "-a"])
    }

    @Test func aDrainDuringTheStartStartsNothingMore() async throws {
        let journal = Journal()
        let lifecycle = lifecycle()
        let first = Lifecycle.Service("a", start: { lifecycle.drain() }, drain: { journal.add("-a") })
        #expect(try await lifecycle.run([first, journal.service("b")]) == .done)
        #expect(journal.all == ["-a"])
    }

    @Test func aFailedServiceEndsTheProcessWithItsStatus() async throws {
        let lifecycle = lifecycle()
        let failing = Lifecycle.Service("a", start: { Task { lifecycle.fail(.unavailable) } }, drain: {})
        #expect(try await lifecycle.run([failing]) == .unavailable)
    }

    @Test func theDeadlineHoldsAgainstAServiceThatHangs() async throws {
        let (hung, unhang) = AsyncStream<Void>.makeStream()
        let lifecycle = lifecycle(deadline: .milliseconds(20)) { status in
            #expect(status == .failed)
            unhang.finish()
        }
        let hanging = Lifecycle.Service("a", start: { lifecycle.drain() }, drain: { for await _ in hung {} })
        _ = try await lifecycle.run([hanging])
    }
}
