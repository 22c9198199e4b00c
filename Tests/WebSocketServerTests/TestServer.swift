import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

@testable import WebSocketServer

/// What did not become true in time.
struct NotInTime: Error, CustomStringConvertible {
    var description: String
}

/// Waits for a fact, asking every few milliseconds, and fails with its name when the time is over.
func eventually(
    _ fact: String, within deadline: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + deadline
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < end else {
            throw NotInTime(description: "\(file):\(line): not within \(deadline): \(fact)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// What the delegates of a test server have seen, in order, over all connections.
final class Journal: Sendable {
    enum Entry: Equatable {
        case opened(path: String, from: String?)
        case text(String)
        case binary([UInt8])
        case writable(Bool)
        case closed(CloseStatus?, wasClean: Bool)
    }

    private let box = NIOLockedValueBox<(entries: [Entry], connections: [WebSocketConnection])>(([], []))

    var entries: [Entry] { box.withLockedValue { $0.entries } }
    var connections: [WebSocketConnection] { box.withLockedValue { $0.connections } }
    var closings: [Entry] { entries.filter { if case .closed = $0 { true } else { false } } }

    func add(_ entry: Entry) { box.withLockedValue { $0.entries.append(entry) } }
    func add(_ connection: WebSocketConnection) { box.withLockedValue { $0.connections.append(connection) } }
}

/// Echoes, and writes down what happens. `pause` as a message pauses reading, `nap` for a moment in which more
/// arrives; `close` closes with 4001.
private struct EchoApplication: WebSocketApplication {
    let journal: Journal

    func upgrade(_ request: UpgradeRequest) -> UpgradeDecision {
        if request.path == "/refused" {
            return .refuse(UpgradeRefusal(.tooManyRequests, code: "rate_limited", message: "say \"less\""))
        }
        journal.add(.opened(path: request.path, from: request.remoteAddress.ipAddress))
        return .accept(subprotocol: request.subprotocols.first { $0 == "echo.v1" }) { connection in
            self.journal.add(connection)
            return Echo(connection: connection, journal: self.journal)
        }
    }
}

private final class Echo: WebSocketConnectionDelegate {
    private let connection: WebSocketConnection
    private let journal: Journal

    init(connection: WebSocketConnection, journal: Journal) {
        self.connection = connection
        self.journal = journal
    }

    func received(text: ByteBuffer) {
        let string = String(buffer: text)
        journal.add(.text(string))
        switch string {
        case "pause": connection.pauseReading()
        case "nap":
            connection.pauseReading()
            connection.eventLoop.scheduleTask(in: .milliseconds(1)) { [connection] in connection.resumeReading() }
        case "close": connection.close(CloseStatus(rawValue: 4001), reason: "asked to")
        default: connection.writeText(text)
        }
    }

    func received(binary: ByteBuffer) {
        journal.add(.binary(Array(binary.readableBytesView)))
        connection.writeBinary(binary)
    }

    func writabilityChanged(isWritable: Bool) { journal.add(.writable(isWritable)) }
    func closed(code: CloseStatus?, wasClean: Bool) { journal.add(.closed(code, wasClean: wasClean)) }
}

/// A listener on a free port with an echoing application.
struct TestServer {
    let listener: WebSocketListener
    let address: SocketAddress
    let journal: Journal

    /// Runs `body` against a server with short deadlines, then stops it.
    static func run(
        _ configure: (inout WebSocketServerSettings) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
    ) async throws {
        var settings = WebSocketServerSettings()
        settings.port = 0
        settings.deadlines.sweep = .milliseconds(20)
        settings.deadlines.close = .milliseconds(500)
        configure(&settings)
        let journal = Journal()
        let listener = WebSocketListener(
            settings: settings, group: MultiThreadedEventLoopGroup.singleton,
            application: EchoApplication(journal: journal),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let server = TestServer(listener: listener, address: try await listener.start(), journal: journal)
        do {
            try await body(server)
        } catch {
            await listener.stop(deadline: .now())
            throw error
        }
        await listener.stop(deadline: .now() + .seconds(1))
    }
}
