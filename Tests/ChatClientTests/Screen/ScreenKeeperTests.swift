import Testing

@testable import ChatClient

@Suite struct ScreenKeeperTests {
    @Test(arguments: [("~/a b", "/home/ada/a b"), ("~", "/home/ada"), ("~eve/a", "~eve/a"), ("/a/~", "/a/~")])
    func aTildeIsTheUsersFolder(path: String, whole: String) {
        #expect(ScreenKeeper.expanded(path, environment: ["HOME": "/home/ada"]) == whole)
    }
}
