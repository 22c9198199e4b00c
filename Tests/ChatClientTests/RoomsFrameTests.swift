import ChatWire
import NIOCore
import Testing

@testable import ChatClient

@Suite struct RoomsFrameTests {
    @Test func readsItsAnswer() {
        let text =
            #"{"type":"rooms","ref":7,"rooms":[{"room":"ops","members":3,"last_activity":5,"x":1},{"room":"No room","members":1}]}"#
        let answer = RoomsFrame.answer(ByteBuffer(string: text))
        #expect(answer?.ref == Ref(7))
        #expect(answer?.rooms == [RoomSummary(room: ops, members: 3, lastActivity: 5)])
    }

    @Test(arguments: [#"{"type":"welcome"}"#, #"{"type":"rooms"}"#, "", "null", "[]"])
    func leavesOtherFramesAlone(text: String) {
        #expect(RoomsFrame.answer(ByteBuffer(string: text)) == nil)
    }
}
