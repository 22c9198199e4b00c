import NIOCore
import Testing

@testable import WebSocketServer

@Suite struct CloseHandshakeTests {
    let later = NIODeadline.uptimeNanoseconds(1000)

    @Test func ourCloseWaitsForThePeers() {
        var closing = CloseHandshake()
        #expect(closing.close(.goingAway, reason: "bye", until: later) == .send(.goingAway, reason: "bye"))
        #expect(!closing.isOpen)
        #expect(closing.received(.normal, until: later) == .finish)
        #expect(closing.code == .goingAway)
        #expect(closing.isClean)
    }

    @Test func thePeersCloseIsAnsweredWithItsCode() {
        var closing = CloseHandshake()
        #expect(closing.received(.normal, until: later) == .answerThenFinish(.normal))
        #expect(closing.code == .normal)
        #expect(closing.isClean)
    }

    @Test func aViolationIsToldAndLingers() {
        var closing = CloseHandshake()
        #expect(
            closing.violated(.invalidUTF8, until: later)
                == .sendThenLinger(.invalidPayload, reason: ProtocolViolation.invalidUTF8.reason))
        #expect(closing.code == .invalidPayload)
        #expect(!closing.isClean)
    }

    @Test func onlyOneCloseIsEverSent() {
        var closing = CloseHandshake()
        _ = closing.close(.goingAway, reason: "", until: later)
        #expect(closing.close(.normal, reason: "", until: later) == .none)
        #expect(closing.violated(.unmasked, until: later) == .finish)
        #expect(closing.violated(.unmasked, until: later) == .none)
        #expect(closing.received(.normal, until: later) == .none)
        #expect(closing.close(.normal, reason: "", until: later) == .none)
        #expect(closing.code == .goingAway)
    }

    @Test func theDeadlineResetsOnce() {
        var closing = CloseHandshake()
        #expect(closing.timerFired(at: later) == .none)
        _ = closing.close(.goingAway, reason: "", until: later)
        #expect(closing.timerFired(at: later - .nanoseconds(1)) == .none)
        #expect(closing.timerFired(at: later) == .reset)
        #expect(closing.timerFired(at: later) == .none)
    }
}

@Suite struct LivenessTests {
    private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    @Test func aSilentPeerIsPingedOnceAndThenLost() {
        var liveness = Liveness(patience: .seconds(25), pongTimeout: .seconds(20), now: at(0))
        #expect(liveness.timerFired(at: at(24)) == .none)
        #expect(liveness.timerFired(at: at(25)) == .ping)
        #expect(liveness.timerFired(at: at(44)) == .none)
        #expect(liveness.timerFired(at: at(45)) == .lost)
    }

    @Test func anythingHeardIsASignOfLife() {
        var liveness = Liveness(patience: .seconds(25), pongTimeout: .seconds(20), now: at(0))
        liveness.heard(at: at(20))
        #expect(liveness.timerFired(at: at(30)) == .none)
        #expect(liveness.timerFired(at: at(45)) == .ping)
        liveness.heard(at: at(45))
        #expect(liveness.timerFired(at: at(66)) == .none)
        #expect(liveness.timerFired(at: at(70)) == .ping)
    }
}

@Suite struct OutboundAccountTests {
    @Test func countsUpAndIsCorrectedDown() {
        var account = OutboundAccount()
        account.wrote(bytes: 1000, frames: 10)
        account.corrected(bytes: 1000)
        var hasMoved = account.takeMoved()
        #expect(!hasMoved)
        account.corrected(bytes: 250)
        #expect(account.bytes == 250)
        #expect(account.frames == 2)
        account.corrected(bytes: 0)
        #expect(account.frames == 0)
        hasMoved = account.takeMoved()
        #expect(hasMoved)
    }

    /// A write asks the channel too; what it learns must not be lost for who looks for signs of life.
    @Test func whatThePeerTookIsRememberedUntilItIsAskedFor() {
        var account = OutboundAccount()
        account.wrote(bytes: 1000, frames: 10)
        account.corrected(bytes: 250)
        account.wrote(bytes: 500, frames: 5)
        account.corrected(bytes: 750)
        let answers = [account.takeMoved(), account.takeMoved()]
        #expect(answers == [true, false])
    }
}

@Suite struct ServerFrameTests {
    @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 100_000])
    func framesTextOfAnySize(_ count: Int) {
        let payload = ByteBuffer(repeating: 0x61, count: count)
        var whole = ByteBuffer(string: "before")
        whole.writeWebSocketText(payload)
        var built = ByteBuffer(string: "before")
        built.writeWebSocketText { $0.writeImmutableBuffer(payload) }
        built.writeWebSocketText(ByteBuffer(string: "after"))
        whole.writeWebSocketText(ByteBuffer(string: "after"))
        #expect(whole == built)
        whole.moveReaderIndex(forwardBy: 6)
        #expect(whole.getInteger(at: 6, as: UInt8.self) == 0x81)
        #expect(whole.readableBytes == ByteBuffer.webSocketHeaderBytes(payloadBytes: count) + count + 7)
        #expect(ServerFrame.all(in: whole).map(\.payload.count) == [count, 5])
    }
}
