import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

@Suite struct ModelTransferTests {
    @Test func barsEndAndGo() {
        var chat = ModelFixture()
        chat.send(.transfer(transfer(1, .running)))
        chat.send(.transfer(transfer(2, .running, name: "b.gz")))
        #expect(chat.model.transfers.count == 2)
        chat.press(.control("x"))
        #expect(chat.press(Key(.character("c"))) == [.cancelTransfer(id: 2)])
        #expect(chat.enter("/cancel 1").contains(.cancelTransfer(id: 1)))
        chat.send(.transfer(transfer(2, .cancelled, name: "b.gz")))
        chat.send(.transfer(transfer(2, .running, name: "b.gz")))
        #expect(chat.model.transfers[1].state == .cancelled, "what comes late changes nothing")
        #expect(chat.hint == "cancelled: b.gz")
        chat.send(.transfer(transfer(1, .failed("the disk is full"))))
        #expect(chat.texts().last == "> not uploaded: a.gz: the disk is full")
        chat.pass(milliseconds: 10_000)
        #expect(chat.model.transfers.isEmpty)
        chat.pass(milliseconds: 20_000)
        #expect(chat.model.nextTick == nil)
    }

    @Test func filesHaveNumbersAndNames() {
        var chat = ModelFixture()
        chat.session(.entry(lobby, fileEntry(4, "old.txt")))
        let listed = [fileLine("p.png", id: "1"), fileLine("log.gz", id: "2")]
        chat.enter("/files")
        chat.send(.files(lobby, listed))
        #expect(chat.texts().suffix(2) == ["> 1  p.png · 1.2 kB · bob", "> 2  log.gz · 1.2 kB · bob"])
        chat.session(.entry(lobby, fileEntry(5, "new.txt")))
        #expect(chat.enter("/get 2").contains(.download(listed[1], lobby)), "numbers are those that were shown")
        #expect(chat.enter("/get new.txt").contains(.download(fileLine("new.txt", id: "f5"), lobby)))
    }

    @Test func openShowsAFileWhenItIsThere() {
        var chat = ModelFixture()
        chat.session(.entry(lobby, fileEntry(4, "p.png")))
        #expect(chat.enter("/open p.png").contains(.download(fileLine("p.png", id: "f4"), lobby)))
        var download = transfer(1, .running, name: "p.png")
        download.isUpload = false
        chat.send(.transfer(download))
        // Its line is in the room before its upload has ended here.
        chat.send(.transfer(transfer(2, .done("p.png"), name: "p.png")))
        download.state = .done("/home/ann/p.png")
        #expect(chat.send(.transfer(download)) == [.open("/home/ann/p.png")])
        chat.say(5, "see https://a.test/1 and https://a.test/2 please")
        #expect(chat.enter("/open").contains(.open("https://a.test/2")))
    }

    @Test func retriesCountDown() {
        var chat = ModelFixture()
        chat.send(.transfer(transfer(1, .retrying(at: at(2500), reason: "lost"))))
        #expect(chat.model.nextTick == at(500))
    }

    private func transfer(_ id: Int, _ state: TransferModel.State, name: String = "a.gz") -> TransferModel {
        TransferModel(id: id, isUpload: true, room: lobby, name: name, state: state)
    }
}
