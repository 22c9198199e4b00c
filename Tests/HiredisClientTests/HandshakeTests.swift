import NIOCore
import Testing

@testable import HiredisClient

@Suite struct HandshakeTests {
    private static let master = RESPValue.text(
        "# Replication\r\nrole:master\r\nmaster_replid:abc\r\nconnected_slaves:0\r\n")
    private static let replica = RESPValue.text("role:slave\r\nmaster_replid:abc\r\n")

    private func settings(_ url: String, name: String? = nil) throws -> RedisSettings {
        var settings = try RedisSettings(url: url)
        settings.clientName = name
        return settings
    }

    /// The outcome of the first reply that does not wait; nil where all wait.
    private func outcome(_ url: String, _ replies: RESPValue...) throws -> Result<RedisServerInfo, RedisError>? {
        var handshake = Handshake(try settings(url))
        for reply in replies {
            switch handshake.received(reply) {
            case .wait: continue
            case .finish(let server): return .success(server)
            case .fail(let error): return .failure(error)
            }
        }
        return nil
    }

    @Test func onlyWhatTheSettingsAskForIsSent() throws {
        #expect(
            Handshake(try settings("redis://host")).commands == [
                RESPCommand("INFO", "server", "replication"), RESPCommand("EXISTS", "ready"),
            ])
        #expect(
            Handshake(try settings("redis://u:p@host/4", name: "edge")).commands == [
                RESPCommand("AUTH", "u", "p"), RESPCommand("SELECT", "4"), RESPCommand("CLIENT", "SETNAME", "edge"),
                RESPCommand("INFO", "server", "replication"), RESPCommand("EXISTS", "ready"),
            ])
        #expect(Handshake(try settings("redis://:p@host")).commands.first == RESPCommand("AUTH", "p"))
    }

    @Test func theLastReplyFinishes() throws {
        #expect(try outcome("redis://host", Self.master) == nil)
        let server = RedisServerInfo(isReplica: false, replicationID: "abc")
        #expect(try outcome("redis://host", Self.master, .integer(0))?.get() == server)
    }

    @Test(arguments: [0, 1, 2, 3])
    func anErrorAtAnyStepFails(step: Int) throws {
        var handshake = Handshake(try settings("redis://:p@host/1"))
        let replies: [RESPValue] = [.simple("OK"), .simple("OK"), Self.master, .integer(0)]
        for reply in replies[..<step] { _ = handshake.received(reply) }
        guard case .fail(let error) = handshake.received(.error("NOPERM no")) else {
            Issue.record("step \(step) goes on")
            return
        }
        #expect("\(error)".contains("NOPERM no"))
    }

    @Test func aReplicaIsRefused() throws {
        let outcome = try outcome("redis://host", Self.replica, .integer(0))
        #expect(throws: RedisError.self) { try outcome?.get() }
    }

    @Test func aServerThatLoadsItsDataIsNotReady() throws {
        let outcome = try outcome("redis://host", Self.master, .error("LOADING Redis is loading the dataset in memory"))
        #expect(throws: RedisError.self) { try outcome?.get() }
    }

    @Test func aServerThatDoesNotSayWhatItIsFails() throws {
        for reply in [RESPValue.text("role:master\r\n"), .text(""), .integer(1), .null] {
            let outcome = try outcome("redis://host", reply)
            #expect(throws: RedisError.self, "\(reply)") { try outcome?.get() }
        }
    }
}
