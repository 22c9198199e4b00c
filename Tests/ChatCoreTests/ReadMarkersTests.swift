import ChatBroker
import ChatCore
import ChatWire
import NIOCore
import Testing

@Suite struct ReadMarkersTests {
    private var markers = ReadMarkers()

    private func mark(_ number: Int, by user: String = "ada", session name: String = "s1") throws -> ReadMark {
        ReadMark(
            principal: Principal(try UserName(user), isGuest: false), session: try session(name),
            position: position(number))
    }

    @Test mutating func theFirstIsWrittenAtOnceAndTheLastOfEachInterval() throws {
        let lobby = try room()
        #expect(markers.marked(try mark(1), in: lobby, now: start))
        #expect(!markers.marked(try mark(2), in: lobby, now: start + .milliseconds(1)))
        #expect(!markers.marked(try mark(3, session: "s2"), in: lobby, now: start + .milliseconds(2)))
        #expect(markers.due(now: start + .milliseconds(999)).isEmpty)
        #expect(
            markers.due(now: start + .seconds(1)) == [.init(room: lobby, mark: try mark(3, session: "s2"))])
        #expect(!markers.marked(try mark(4), in: lobby, now: start + .milliseconds(1001)))
        #expect(markers.due(now: start + .seconds(2)) == [.init(room: lobby, mark: try mark(4))])
        #expect(markers.due(now: start + .seconds(3)).isEmpty)
        #expect(markers.isEmpty)
    }

    @Test mutating func goingBackIsNothing() throws {
        let lobby = try room()
        #expect(markers.marked(try mark(5), in: lobby, now: start))
        #expect(!markers.marked(try mark(5), in: lobby, now: start))
        #expect(!markers.marked(try mark(4), in: lobby, now: start))
        #expect(markers.due(now: start + .seconds(1)).isEmpty)
    }

    @Test mutating func roomsAndUsersAreApart() throws {
        #expect(markers.marked(try mark(5), in: try room("a"), now: start))
        #expect(markers.marked(try mark(4), in: try room("b"), now: start))
        #expect(markers.marked(try mark(3, by: "bob"), in: try room("a"), now: start))
        #expect(markers.position(of: try mark(0).principal, in: try room("b")) == position(4))
        #expect(markers.position(of: try mark(0).principal, in: try room("c")) == nil)
    }

    @Test mutating func whatASessionSaidIsTakenWhenItGoes() throws {
        let lobby = try room()
        _ = markers.marked(try mark(1), in: lobby, now: start)
        _ = markers.marked(try mark(2), in: lobby, now: start)
        #expect(markers.take(of: try mark(0).principal, session: try session("s2")).isEmpty)
        #expect(
            markers.take(of: try mark(0).principal, session: try session("s1"))
                == [.init(room: lobby, mark: try mark(2))])
        #expect(markers.due(now: start + .seconds(1)).isEmpty)
        _ = markers.marked(try mark(3), in: lobby, now: start + .seconds(2))
        _ = markers.marked(try mark(4), in: lobby, now: start + .seconds(2))
        #expect(markers.takeAll() == [.init(room: lobby, mark: try mark(4))])
        #expect(markers.isEmpty)
    }

    @Test mutating func whileTheBrokerIsAwayTheLastOneWaits() throws {
        let lobby = try room()
        #expect(!markers.marked(try mark(1), in: lobby, now: start, isBrokerThere: false))
        #expect(!markers.marked(try mark(2), in: lobby, now: start, isBrokerThere: false))
        #expect(markers.position(of: try mark(0).principal, in: lobby) == position(2))
        #expect(markers.due(now: start + .seconds(9)) == [.init(room: lobby, mark: try mark(2))])
    }
}
