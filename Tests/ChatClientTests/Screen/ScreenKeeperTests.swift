import Testing

@testable import ChatClient

@Suite struct ScreenKeeperTests {
    @Test(arguments: [
        ("~/notes", "/home/ann/notes"), ("~", "/home/ann"), ("~bob/x", "~bob/x"), ("a/~/b", "a/~/b"), ("/etc", "/etc"),
    ])
    func theTildeIsTheHomeThatTheShellHas(path: String, expanded: String) {
        #expect(ScreenKeeper.expanded(path, environment: ["HOME": "/home/ann"]) == expanded)
    }
}
