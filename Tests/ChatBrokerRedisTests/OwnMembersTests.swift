import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct OwnMembersTests {
    let room = try! RoomName("a")
    let first = SessionID("s1")!
    let second = SessionID("s2")!

    @Test func aRoomIsGoneWithItsLastMember() {
        var own = OwnMembers()
        for session in [first, second] {
            own.entering(room)
            own.entered(session, room)
        }
        let gone = [own.left(first, room), own.left(second, room), own.left(second, room)]
        #expect(gone == [false, true, false])
        #expect(own.isEmpty)
    }

    @Test func anEnterUnderWayKeepsTheRoom() {
        var own = OwnMembers()
        own.entering(room)
        own.entered(first, room)
        own.entering(room)
        let gone = [own.left(first, room), own.refused(room)]
        #expect(gone == [false, true])
    }

    @Test func everyRoomIsRenewedOnceInARound() throws {
        var own = OwnMembers()
        for number in 0..<10 {
            let room = try RoomName("r\(number)")
            own.entering(room)
            own.entered(first, room)
        }
        let renewed = (0..<4).flatMap { _ in own.nextToRenew(steps: 4) }
        #expect(renewed.count == 10 && Set(renewed).count == 10)
        let next = own.nextToRenew(steps: 4)
        #expect(next.count == 3)
    }

    @Test func aBusyRoomsActivityIsWrittenOncePerIntervalAndItsLastTimeAlways() {
        let start = NIODeadline.uptimeNanoseconds(1)
        var activity = RoomActivity(interval: .seconds(5))
        let noted = [10, 12, 11].map { activity.noted(room, $0, at: start) }
        #expect(noted == [10, nil, nil])
        let early = activity.ticked(at: start + .seconds(4))
        #expect(early.isEmpty)
        let due = activity.ticked(at: start + .seconds(5))
        #expect(due.map(\.time) == [12])
        let again = activity.noted(room, 13, at: start + .seconds(6))
        #expect(again == nil)
        let later = [10, 15].map { activity.ticked(at: start + .seconds($0)).map(\.time) }
        #expect(later == [[13], []])
        let fresh = activity.noted(room, 14, at: start + .seconds(15))
        #expect(fresh == 14)
    }
}
