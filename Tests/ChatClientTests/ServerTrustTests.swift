import ChatTesting
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import ChatClient

/// Which certificates are trusted, and what is said of one that is not.
@Suite(.serialized, .timeLimit(.minutes(1))) struct ServerTrustTests {
    @Test func aCertificateThatIsNotTrustedIsNamedInPlainWords() async throws {
        let server = try await SecureServer()
        let words = "the server's certificate is not trusted"
        #expect(await probe(server, authority: nil).findings.last?.what.hasPrefix(words) == true)
        let configuration = server.configuration(authority: nil)
        try await ChatSession.with(configuration) { session in
            for await event in session.events {
                guard case .disconnected(let reason, _, _) = event else { continue }
                #expect(reason.hasPrefix(words) && reason.contains("--ca-file"), "\(reason)")
                break
            }
            #expect(await session.noAnswer(from: configuration.server).contains(words))
        }
        let listing = FileListing(server: try FileServer(configuration), room: ops, patience: .seconds(5))
        let failure = await #expect(throws: TransferFailure.self) { try await listing.find("x") }
        #expect(failure?.message.hasPrefix(words) == true, "\(failure?.message ?? "")")
        try await server.stop()
    }

    @Test func anAuthorityOfOnesOwnIsTrusted() async throws {
        let server = try await SecureServer()
        let report = await probe(server, authority: server.home.path + "/ca.crt")
        #expect(report.findings.first { $0.check == "tls" }?.what.hasPrefix("the certificate is good") == true)
        try await server.stop()
    }

    @Test func authoritiesThatCannotBeReadAreNamed() async throws {
        let server = try await SecureServer()
        let missing = server.home.path + "/none.pem"
        let words = "Cannot read \(missing): No such file or directory."
        #expect(throws: CommandFailure(.usage, words)) { try ServerTrust.context(authority: missing) }
        let report = await probe(server, authority: missing)
        #expect(report.findings.last?.what == words)
        #expect(report.status == .failed, "the server is there")
        let key = server.home.path + "/server.key"
        #expect(throws: CommandFailure(.usage, "\(key) holds no certificate (PEM) that can be read.")) {
            try ServerTrust.context(authority: key)
        }
        try await server.stop()
    }

    @Test(arguments: [
        (
            "handshakeFailed(sslError([Error: 268435703 error:1:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER at x:1]))",
            "the server does not speak TLS there"
        ),
        ("x OPENSSL_internal:TLSV1_ALERT_INTERNAL_ERROR at x:1", "TLS failed: tlsv1 alert internal error"),
        ("handshakeFailed(sslError([Error:  EOF during handshake]))", "TLS failed: the server ended the handshake"),
    ])
    func dumpsAreNotShown(dump: String, words: String) {
        #expect(TransportError.words(ofTLS: dump) == words)
    }

    /// The step's time is over though the server neither shakes hands nor hangs up.
    @Test func aServerThatSaysNothingKeepsNobody() async throws {
        let silent = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let address = ServerAddress(isSecure: true, host: "127.0.0.1", port: silent.localAddress?.port ?? 0)
        var report = DoctorReport()
        await ServerProbe(configuration: .init(server: address, user: "ann"), seconds: 0.5).run(&report)
        #expect(report.findings.last?.check == "tls")
        #expect(report.findings.last?.what.hasPrefix("no answer") == true)
        try await silent.close()
    }

    private func probe(_ server: SecureServer, authority: String?) async -> DoctorReport {
        var report = DoctorReport()
        await ServerProbe(configuration: server.configuration(authority: authority), seconds: 5).run(&report)
        return report
    }
}

/// Speaks TLS, with a certificate that no system trusts, and then nothing: each connection is closed when something comes.
private final class SecureServer: Sendable {
    let home: Home
    let port: Int
    private let channel: any Channel

    init() async throws {
        let home = try Home()
        self.home = home
        try TestCertificates.write(to: URL(fileURLWithPath: home.path))
        let chain = try NIOSSLCertificate.fromPEMFile(home.path + "/server.crt").map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: home.path + "/server.key", format: .pem)
        let context = try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLServerHandler(context: context), HangUp())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func configuration(authority: String?) -> ChatSession.Configuration {
        let address = ServerAddress(isSecure: true, host: "127.0.0.1", port: port)
        var configuration = ChatSession.Configuration(server: address, user: "ann")
        configuration.certificateAuthority = authority
        return configuration
    }

    func stop() async throws { try await channel.close() }
}

private final class HangUp: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.close(promise: nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
