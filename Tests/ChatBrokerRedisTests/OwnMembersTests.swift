import ChatWire
import NIOCore
import Testing

@testable import ChatBrokerRedis

@Suite struct OwnMembersTests {
    let room = try! RoomName("a")
    let first = SessionID("s1")!
    let second = SessionID("s2")!

    @Test func aRoomIsNewWithItsFirstMemberAndGoneWithItsLast() {
        var own = OwnMembers()
        #expect(own.entering(room))
        own.entered(first, room)
        #expect(!own.entering(room))
        own.entered(second, room)
        #expect(!own.left(first, room))
        #expect(own.left(second, room))
        #expect(own.isEmpty)
        #expect(!own.left(second, room))
    }

    @Test func anEnterUnderWayKeepsTheRoom() {
        var own = OwnMembers()
        _ = own.entering(room)
        own.entered(first, room)
        _ = own.entering(room)
        #expect(!own.left(first, room))
        #expect(own.refused(room))
    }

    @Test func everyRoomIsRenewedOnceInARound() throws {
        var own = OwnMembers()
        for number in 0..<10 {
            let room = try RoomName("r\(number)")
            _ = own.entering(room)
            own.entered(first, room)
        }
        let renewed = (0..<4).flatMap { _ in own.nextToRenew(steps: 4) }
        #expect(renewed.count == 10 && Set(renewed).count == 10)
        #expect(own.nextToRenew(steps: 4).count == 3)
    }

    @Test func aBusyRoomsActivityIsWrittenOncePerIntervalAndItsLastTimeAlways() {
        let start = NIODeadline.uptimeNanoseconds(1)
        var activity = RoomActivity(interval: .seconds(5))
        #expect(activity.noted(room, 10, at: start) == 10)
        #expect(activity.noted(room, 12, at: start) == nil)
        #expect(activity.noted(room, 11, at: start) == nil)
        #expect(activity.ticked(at: start + .seconds(4)).isEmpty)
        #expect(activity.ticked(at: start + .seconds(5)).map(\.time) == [12])
        #expect(activity.noted(room, 13, at: start + .seconds(6)) == nil)
        #expect(activity.ticked(at: start + .seconds(10)).map(\.time) == [13])
        #expect(activity.ticked(at: start + .seconds(15)).isEmpty)
        #expect(activity.noted(room, 14, at: start + .seconds(15)) == 14)
    }
}
