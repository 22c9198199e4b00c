import ChatBroker
import ChatWire
import Testing

@Suite struct DirectPairTests {
    private func user(_ name: String, isGuest: Bool = false) throws -> Principal {
        Principal(try UserName(name), isGuest: isGuest)
    }

    @Test func whoeverAsksGetsTheSameRoom() throws {
        let one = try #require(DirectPair(try user("ann"), try user("太郎")))
        let other = try #require(DirectPair(try user("太郎"), try user("ann")))
        #expect(one == other)
        #expect(try one.room == other.room)
        #expect(try one.room.isDirect)
        let (ann, taro, bob) = (try user("ann"), try user("太郎"), try user("bob"))
        #expect(one.partner(of: ann) == taro)
        #expect(one.partner(of: bob) == nil)
    }

    /// Other programs may make the name: `printf 'ann\0bob' | sha256sum`.
    @Test func theNameIsTheHashOfBothNames() throws {
        let pair = try #require(DirectPair(try user("bob"), try user("ann")))
        #expect(try pair.room.value == "dm-8f9622b42f75a84dd9b1188b1b1f0e12")
    }

    @Test func guestsAndUsersOfOneNameAreTwo() throws {
        let rooms = try Set([
            DirectPair(user("ann"), user("bob"))?.room, DirectPair(user("ann", isGuest: true), user("bob"))?.room,
            DirectPair(user("ann"), user("bob", isGuest: true))?.room,
            DirectPair(user("ann", isGuest: true), user("bob", isGuest: true))?.room,
            DirectPair(user("ann", isGuest: true), user("ann"))?.room,
        ])
        #expect(rooms.count == 5 && !rooms.contains(nil))
        #expect(DirectPair(try user("ann"), try user("ann")) == nil)
    }

    @Test(arguments: ["ann", "guest:ann", "guest:太郎", "guest"])
    func principalsAreReadBack(text: String) throws {
        #expect(Principal(text)?.description == text)
    }

    @Test(arguments: ["", "guest:", "guest:guest:ann", "a b", "x:ann"])
    func whatIsNoPrincipalIsNil(text: String) { #expect(Principal(text) == nil) }
}
