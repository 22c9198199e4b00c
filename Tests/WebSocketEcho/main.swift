import Logging
import NIOCore
import NIOPosix
import WebSocketServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Sends every message back. What the Autobahn fuzzing client talks to, with limits wide enough for its largest cases.
struct EchoApplication: WebSocketApplication {
    func upgrade(_ request: UpgradeRequest) -> UpgradeDecision {
        .accept(subprotocol: nil, makeDelegate: Echo.init)
    }
}

final class Echo: WebSocketConnectionDelegate {
    private let connection: WebSocketConnection

    init(_ connection: WebSocketConnection) {
        self.connection = connection
    }

    func received(text: ByteBuffer) { connection.writeText(text) }
    func received(binary: ByteBuffer) { connection.writeBinary(binary) }
    func closed(code: CloseStatus?, wasClean: Bool) {}
}

var settings = WebSocketServerSettings()
/// `websocket-echo [PORT [DESCRIPTORS-RESERVED]]`
let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
settings.port = numbers.first ?? 9001
settings.limits.descriptorsReserved = numbers.dropFirst().first ?? settings.limits.descriptorsReserved
settings.limits.messageBytesMax = 17 * 1024 * 1024
settings.limits.fragmentsMax = 128 * 1024
settings.limits.unfinishedBytesMax = 256 * 1024 * 1024
settings.limits.outboundBytesMax = 64 * 1024 * 1024
settings.deadlines.message = .seconds(120)

let listener = WebSocketListener(
    settings: settings, group: MultiThreadedEventLoopGroup.singleton, application: EchoApplication(),
    logger: Logger(label: "echo"))
let address = try await listener.start()
print("listening on \(address.ipAddress ?? "?"):\(address.port ?? 0)")
fflush(nil)
while true { try await Task.sleep(for: .seconds(3600)) }
