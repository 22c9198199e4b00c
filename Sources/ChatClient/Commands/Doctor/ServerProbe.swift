import ChatWire
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Goes to a server step by step, and says how long each took and which one failed.
struct ServerProbe: Sendable {
    let configuration: ChatSession.Configuration
    /// For each step.
    let seconds: Double

    private var address: ServerAddress { configuration.server }

    func run(_ report: inout DoctorReport) async {
        guard let first = await step("dns", &report, resolve) else { return }
        let words = "\(first.count) addresses, the first \(first.first?.ipAddress ?? "?")"
        note("dns", &report, first.count == 1 ? first[0].ipAddress ?? "1 address" : words)
        guard await step("tcp", &report, { try await connect(to: first[0]) }) != nil else { return }
        note("tcp", &report, "connected to port \(address.port)")
        if address.isSecure {
            guard let version = await step("tls", &report, handshake) else { return }
            note("tls", &report, version)
        }
        await greet(&report)
        await compareClocks(&report)
    }

    /// Times a step. A failure is a finding, and ends the way.
    private func step<Value: Sendable>(
        _ check: String, _ report: inout DoctorReport, _ body: @escaping @Sendable () async throws -> Value
    ) async -> Value? {
        let start = ContinuousClock.now
        do {
            let value = try await withTimeout(seconds: seconds, "no answer within \(Int(seconds)) s", body)
            report.latency[check] = Self.milliseconds(ContinuousClock.now - start)
            return value
        } catch {
            report.findings.append(failure(check, error))
            report.isUnavailable = !Self.isRefusal(error)
            return nil
        }
    }

    private func note(_ check: String, _ report: inout DoctorReport, _ what: String) {
        let time = report.latency[check].map { " (\($0) ms)" } ?? ""
        report.findings.append(Finding(check, .ok, VisibleText(what).value + time))
    }

    private func failure(_ check: String, _ error: any Error) -> Finding {
        let words =
            (error as? CommandFailure)?.message ?? (error as? ProbeFailure)?.words ?? TransportError.words(error)
        let remedy =
            switch check {
            case "dns": "check the name in --server or config.toml, and the network"
            case "tcp": "check that a server listens there, and firewalls between here and it"
            case "tls": "check the certificate's name and its issuer; --ca-file names another issuer"
            case "websocket": "check the path of the address; a proxy has to let WebSockets through"
            default: "ask the server's operator; 'termchat login' takes another token"
            }
        return Finding(check, .error, VisibleText(words).value, remedy: remedy)
    }

    /// What is wrong is not that the server is away.
    private static func isRefusal(_ error: any Error) -> Bool {
        (error as? CommandFailure)?.status == .usage || (error as? ProbeFailure)?.isRefusal == true
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        let microseconds = Double(seconds) * 1e6 + Double(attoseconds) / 1e12
        return (microseconds / 100).rounded() / 10
    }
}

/// The steps.
extension ServerProbe {
    private func resolve() async throws -> [SocketAddress] {
        let (host, port) = (address.host, address.port)
        let addresses = try await NIOThreadPool.singleton.runIfActive { try Self.lookUp(host, port) }
        guard !addresses.isEmpty else { throw ProbeFailure(words: "'\(host)' has no address") }
        return addresses
    }

    /// Every address, in the system's order.
    private static func lookUp(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, "\(port)", &hints, &list)
        guard result == 0 else { throw ProbeFailure(words: "'\(host)': \(String(cString: gai_strerror(result)))") }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isNamed =
                getnameinfo(
                    entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            if isNamed, let address = try? SocketAddress(ipAddress: name, port: port) { addresses.append(address) }
            next = entry.ai_next
        }
        return addresses
    }

    private func connect(to place: SocketAddress) async throws {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(ClientLimits.openingTimeout).connect(to: place).get()
        try? await channel.close()
    }

    private func handshake() async throws -> String {
        let context = try ServerTrust.context(authority: configuration.certificateAuthority)
        let host = address.host
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let outcome = loop.makePromise(of: Void.self)
        let connecting = ClientBootstrap(group: loop)
            .connectTimeout(ClientLimits.openingTimeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
                    try pipeline.addHandler(FirstError(outcome))
                }
            }
            .connect(host: host, port: address.port)
        connecting.whenFailure { outcome.fail($0) }
        // What is written waits for the handshake; without it the channel closes, and has said why.
        let request = "HEAD / HTTP/1.1\r\nHost: \(address.authority)\r\nConnection: close\r\n\r\n"
        connecting.whenSuccess { channel in
            channel.writeAndFlush(ByteBuffer(string: request)).whenSuccess { outcome.succeed() }
            channel.closeFuture.whenComplete { _ in outcome.fail(ChannelError.eof) }
        }
        defer { connecting.whenSuccess { $0.close(promise: nil) } }
        try await withTaskCancellationHandler {
            try await outcome.futureResult.get()
        } onCancel: {
            outcome.fail(CancellationError())
        }
        return "the certificate is good"
    }

    /// Opens the WebSocket, says hello, and asks for a pong.
    private func greet(_ report: inout DoctorReport) async {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let guest = ProbeGuest(loop: loop)
        let configuration = configuration
        let opened = await step("websocket", &report) {
            let connector = try LinkConnector(
                address: configuration.server, certificateAuthority: configuration.certificateAuthority, loop: loop)
            let channel = try await connector.connect(LinkID(number: 1), delegate: guest).get()
            try await guest.opened.futureResult.get()
            return channel
        }
        guard let channel = opened else { return guest.abandon() }
        note("websocket", &report, "open")
        let welcome = await step("hello", &report) {
            let hello = ClientFrame.Hello(
                user: configuration.user, token: configuration.token, client: configuration.client, resume: nil)
            channel.writeAndFlush(LinkCommand.text(ClientFrame.hello(hello).encode()), promise: nil)
            return try await guest.welcomed.futureResult.get()
        }
        if let welcome {
            note("hello", &report, "\(welcome.user) at \(welcome.node), \(welcome.server)")
            let answer = await step("ping", &report) {
                channel.writeAndFlush(LinkCommand.text(ClientFrame.ping(ref: nil).encode()), promise: nil)
                try await guest.ponged.futureResult.get()
                return true
            }
            if answer != nil { note("ping", &report, "answered") }
        }
        channel.writeAndFlush(LinkCommand.close(.normal), promise: nil)
        guest.abandon()
    }

    /// By the date of any answer over HTTP, whose seconds are whole.
    private func compareClocks(_ report: inout DoctorReport) async {
        guard let server = try? FileServer(configuration) else { return }
        let before = Date()
        let answer = try? await withTimeout(seconds: min(seconds, Self.clockSecondsMax), "") {
            try await Exchange(server, server.head(.HEAD, "/api/files/none"), patience: .seconds(10)).run { _ in
                { _ in }
            }
        }
        let after = Date()
        guard let text = answer?.headers.first(name: "Date"), let theirs = HTTPTime.date(text) else {
            return report.findings.append(Finding("clock", .note, "the server does not say what time it is"))
        }
        let middle = before.addingTimeInterval(after.timeIntervalSince(before) / 2)
        report.findings.append(Self.clock(difference: middle.timeIntervalSince(theirs) - 0.5))
    }

    /// A server may have no HTTP but the WebSocket, and then not answer at all.
    private static let clockSecondsMax = 2.0

    /// - Parameter difference: seconds that this machine is ahead.
    static func clock(difference: Double) -> Finding {
        let seconds = Int(abs(difference).rounded())
        guard seconds > 5 else { return Finding("clock", .ok, "as the server's, to a few seconds") }
        let direction = difference > 0 ? "ahead of" : "behind"
        return Finding(
            "clock", .warning, "this machine is \(FileFindings.words(Double(seconds))) \(direction) the server",
            remedy: "times in the log and the expiry of tokens are off; let NTP set the clock")
    }
}

/// Tells a promise what went wrong in a channel first: what comes of it later says less.
private final class FirstError: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>

    init(_ promise: EventLoopPromise<Void>) { self.promise = promise }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }
}

/// Why a step did not succeed.
struct ProbeFailure: Error {
    var words: String
    /// The server answered, and does not want this client: it is not unavailable.
    var isRefusal = false
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
enum HTTPTime {
    static func date(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text)
    }
}

/// The other end of the one connection: each promise is kept once, or fails when the connection ends.
private final class ProbeGuest: LinkDelegate, Sendable {
    let opened: EventLoopPromise<Void>
    let welcomed: EventLoopPromise<ServerFrame.Welcome>
    let ponged: EventLoopPromise<Void>

    init(loop: any EventLoop) {
        opened = loop.makePromise()
        welcomed = loop.makePromise()
        ponged = loop.makePromise()
    }

    func opened(_ link: LinkID) { opened.succeed() }

    func heard(_ link: LinkID) {}

    func received(_ text: ByteBuffer, on link: LinkID) {
        switch try? ServerFrame.decode(text) {
        case .welcome(let welcome): welcomed.succeed(welcome)
        case .error(let error): fail(ProbeFailure(words: error.message, isRefusal: true))
        case .pong: ponged.succeed()
        default: break
        }
    }

    func ended(_ link: LinkID, _ ending: LinkEnding) {
        let isRefusal =
            switch ending.verdict {
            case .reconnect: false
            case .stop, .renewToken: true
            }
        fail(ProbeFailure(words: ending.words, isRefusal: isRefusal))
    }

    /// Nobody waits any more.
    func abandon() { fail(ProbeFailure(words: "ended")) }

    private func fail(_ failure: ProbeFailure) {
        opened.fail(failure)
        welcomed.fail(failure)
        ponged.fail(failure)
    }
}
