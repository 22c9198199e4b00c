import ChatBroker
import ChatWire
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import ChatControl

@Suite struct ControlOutputTests {
    @Test func columnsStandUnderTheirHeadings() {
        let table = ControlOutput.table(["ROOM", "MEMBERS"], [["lobby", "2"], ["a", "100"]])
        #expect(table == "ROOM   MEMBERS\nlobby  2\na      100")
    }

    @Test(arguments: [
        "\u{1b}[2J", "a\u{202e}b", "a\u{200b}b", "\u{9b}31m", "a\rb", "\u{7}", "\u{1b}]0;title\u{7}", "a\nb\tc",
        "\u{e0041}",
    ])
    func nothingThatATerminalObeysIsPrinted(text: String) {
        let table = ControlOutput.table(["USER"], [[text]])
        let lines = table.split(separator: "\n", omittingEmptySubsequences: false)
        for scalar in lines.joined().unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                Issue.record("U+\(String(scalar.value, radix: 16)) is printed")
            default: break
            }
        }
    }

    @Test(arguments: ["", " ", "a\nb", "\u{1b}[2J", "\u{9b}31m"])
    func anAnnouncementIsOneVisibleLine(text: String) {
        #expect(ControlCommand.toldUsage(["announce", text, "--yes", "--json"]))
    }

    @Test func anAnnouncementMayBeInAnyLanguage() {
        #expect(!ControlCommand.toldUsage(["announce", "お茶は 4時 👍", "--yes", "--json"]))
    }

    /// An upload worker listens where nodes do.
    @Test func onlyNodesAreCountedAsAsked() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let store = InProcessBroker.Store(on: loop)
        var random = SystemRandomNumberGenerator()
        var brokers: [InProcessBroker] = []
        for name in ["edge-a", "edge-b", "worker", "ctl"] {
            let node = try #require(NodeID.new(name: name, using: &random))
            brokers.append(InProcessBroker(node: node, on: loop, store: store))
        }
        let session = ControlSession(broker: try #require(brokers.last))
        try await session.start()
        let deaf = Deaf()
        for broker in brokers.dropLast() { broker.eventLoop.execute { broker.start(deaf) } }
        for broker in brokers.prefix(2) {
            let record = NodeRecord(
                node: broker.node.value, id: broker.node.value, address: "", version: "", state: .up, connections: 0,
                rooms: 0, messagesPerSecond: 0, started: 0, lagMilliseconds: 0)
            broker.eventLoop.execute { broker.register { record } }
        }
        #expect(try await Heard.nodes(.announce(text: "x"), session) == 2)
        for broker in brokers { _ = try await broker.eventLoop.flatSubmit { broker.stop() }.get() }
    }

    @Test(arguments: ["a\u{202e}b", "\u{9b}31m", "\u{7f}", "x\u{200b}", "\u{e0041}", "\u{2028}", "\u{1b}[2J", "Zoë 👍"])
    func jsonIsTheSameDocumentAndObeyedByNoTerminal(text: String) throws {
        let json = ControlOutput.json([text])
        #expect(try JSONDecoder().decode([String].self, from: Data(json.utf8)) == [text])
        for scalar in json.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                Issue.record("U+\(String(scalar.value, radix: 16)) is printed")
            default: break
            }
        }
    }

    @Test func aNodeIsAsTheProtocolSays() {
        let record = NodeRecord(
            node: "edge-a", id: "edge-a~x", address: "10.0.0.1:8080", version: "0.1.0", state: .draining,
            connections: 3,
            rooms: 2, messagesPerSecond: 1.5, started: 17, lagMilliseconds: 0.5)
        #expect(
            ControlOutput.json(record)
                == #"{"address":"10.0.0.1:8080","connections":3,"id":"edge-a~x","lag_ms":0.5,"messages_per_second":1.5,"#
                + #""node":"edge-a","rooms":2,"started":17,"state":"draining","version":"0.1.0"}"#)
    }
}

private final class Deaf: BrokerReceiver {
    func received(_ deliveries: [RoomDelivery]) {}
    func linkChanged(to state: LinkState) {}
    func received(_ message: NodeMessage) {}
}
