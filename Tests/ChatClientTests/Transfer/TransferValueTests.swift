import NIOCore
import NIOHTTP1
import Testing

@testable import ChatClient

/// What a transfer decides, without a server.
@Suite struct TransferValueTests {
    private let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private let lost = TransferFailure(.retry(notBefore: nil), "lost")
    private let unknown = TransferFailure(.unknown, "unknown")

    @Test func aCutLeadsToAQuestion() {
        var machine = UploadMachine(bytes: 10, upload: nil)
        #expect(machine.step == .create)
        machine.created(upload: "/u")
        #expect(machine.step == .send(upload: "/u", from: 0))
        #expect(machine.failed(lost) == .retry(notBefore: nil))
        #expect(machine.step == .ask(upload: "/u"))
        #expect(machine.serverHas(4) == .goOn && machine.step == .send(upload: "/u", from: 4))
        #expect(machine.serverHas(10) == .goOn && machine.step == .verify(upload: "/u"))
        #expect(machine.verified("a", ours: "a") == .goOn && machine.step == .done(upload: "/u"))
    }

    @Test func whatTheServerCannotHaveStopsIt() {
        var machine = UploadMachine(bytes: 10, upload: "/u")
        guard case .stop = machine.serverHas(11) else { return #expect(Bool(false), "took 11 of 10 bytes") }
        guard case .stop = machine.serverHas(-1) else { return #expect(Bool(false), "took -1 bytes") }
        _ = machine.serverHas(10)
        guard case .stop = machine.verified("b", ours: "a") else { return #expect(Bool(false), "took other bytes") }
        guard case .stop = machine.verified(nil, ours: "a") else { return #expect(Bool(false), "took no word for it") }
    }

    @Test func aForgottenUploadBeginsAnewButNotForever() {
        var machine = UploadMachine(bytes: 10, upload: "/u")
        for _ in 0..<UploadMachine.creationsMax {
            #expect(machine.failed(unknown) == .goOn && machine.step == .create)
            machine.created(upload: "/u")
        }
        #expect(machine.failed(unknown) == .stop(unknown))
        var refused = UploadMachine(bytes: 10, upload: nil)
        #expect(refused.failed(unknown) == .stop(unknown))
    }

    @Test func aFileThatIsNotThereYetIsPushedOnceThenWaitedFor() {
        var machine = UploadMachine(bytes: 10, upload: "/u")
        _ = machine.serverHas(10)
        #expect(machine.failed(unknown) == .goOn && machine.step == .send(upload: "/u", from: 10))
        _ = machine.serverHas(10)
        for _ in 0..<UploadMachine.lookupsMax {
            #expect(machine.failed(unknown) == .retry(notBefore: nil) && machine.step == .verify(upload: "/u"))
        }
        guard case .stop = machine.failed(unknown) else { return #expect(Bool(false), "looked for it for ever") }
    }

    @Test func retriesEndWhenNothingMovesForTooLong() {
        var plan = RetryPlan(patience: .seconds(10), now: now)
        #expect(plan.delay(notBefore: nil, at: now, random: 0) == .zero)
        #expect(plan.delay(notBefore: .seconds(2), at: now, random: 0) == .seconds(2))
        #expect(plan.delay(notBefore: .seconds(60), at: now, random: 0) == .seconds(60))
        #expect(plan.delay(notBefore: .seconds(60), at: now + .seconds(60), random: 0) == nil)
        #expect(plan.delay(notBefore: .seconds(3600), at: now, random: 0) == nil)
        #expect(plan.delay(notBefore: nil, at: now + .seconds(10), random: 0) == nil)
        plan.progressed(at: now + .seconds(10))
        #expect(plan.delay(notBefore: nil, at: now + .seconds(19), random: 0) == .zero)
    }

    @Test(arguments: [
        ("/ws", ""), ("/chat/ws", "/chat"), ("/chat", "/chat"), ("/chat/", "/chat"), ("/", ""),
    ])
    func theServersHTTPSideIsBesideItsWebSocket(path: String, prefix: String) {
        #expect(FileServer.prefix(ofPath: path) == prefix)
    }

    @Test func aLocationLeadsToTheSameServerOnly() throws {
        let address = ServerAddress(host: "h", port: 80, path: "/chat/ws")
        let server = try FileServer(ChatSession.Configuration(server: address, user: "u", token: "t"))
        #expect(server.path(ofLocation: "/chat/api/tus/1") == "/api/tus/1")
        #expect(server.path(ofLocation: "http://h/chat/api/tus/1") == "/api/tus/1")
        #expect(server.path(ofLocation: "/api/tus/1") == "/api/tus/1")
        #expect(server.path(ofLocation: "http://evil/chat/api/tus/1") == nil)
        #expect(server.path(ofLocation: "/other/1") == nil)
        #expect(server.path(ofLocation: "/chat/a\r\nb") == nil)
        #expect(server.head(.GET, "/api/x").uri == "/chat/api/x")
        #expect(server.head(.GET, "/api/x").headers.first(name: "Authorization") == "Bearer t")
    }

    @Test func progressHasARateAndATimeLeft() {
        var progress = TransferProgress(name: "log.gz", total: 1_000_000, at: now)
        #expect(progress.line(width: 60) == "log.gz ░░░░░░░░░░░░░░░░░░░░   0 %")
        progress.moved(to: 500_000, at: now + .seconds(1))
        #expect(progress.line(width: 60) == "log.gz ██████████░░░░░░░░░░  50 %   500 kB/s   0:01")
        #expect(progress.line(width: 60, note: "verifying") == "log.gz ██████████░░░░░░░░░░  50 %  verifying")
        for width in 1...80 { #expect(progress.line(width: width).count <= width) }
        var resumed = TransferProgress(name: "\u{1b}[31m太郎", total: 0, at: now)
        resumed.moved(to: 900_000, isResumption: true, at: now + .seconds(1))
        #expect(resumed.rate == nil && resumed.percent == 100)
        #expect(!resumed.line(width: 40).contains("\u{1b}"))
    }

    @Test func sizesAndTimesAreShort() {
        #expect(
            [0, 999, 1000, 1_234_567, 999_499_999, 999_500_000, 4_294_967_296].map(TransferProgress.size)
                == ["0 B", "999 B", "1.0 kB", "1.2 MB", "999 MB", "1.0 GB", "4.3 GB"])
        #expect([0, 64, 3723].map(TransferProgress.time) == ["0:00", "1:04", "1:02:03"])
    }
}
