import ChatWire
import Foundation
import Testing

@testable import ChatClient

@Suite struct StateFilesTests {
    let server = ServerAddress(host: "::1", port: 80)

    @Test func everythingIsBelowOneFolder() throws {
        let state = try #require(StateFolder(environment: ["HOME": "/h"]))
        #expect(state.path == "/h/.local/state/termchat")
        #expect(StateFolder(environment: ["HOME": "/h", "XDG_STATE_HOME": "/s"])?.path == "/s/termchat")
        #expect(StateFolder(environment: ["HOME": "/h", "XDG_STATE_HOME": "s"])?.path == "/h/.local/state/termchat")
        #expect(StateFolder(environment: [:]) == nil)
        #expect(state.outbox(server, owner: "ada") == "/h/.local/state/termchat/outbox/ada@::1_80")
        #expect(state.drafts(server, owner: "a/../b").hasSuffix("/drafts/a_.._b@::1_80.json"))
    }

    @Test func aFileIsReplacedAsAWholeAndForItsUserAlone() throws {
        let home = try Home()
        let path = home.path + "/state/deep/file"
        try AtomicFile.write([1, 2], to: path)
        try AtomicFile.write([3], to: path)
        #expect(try AtomicFile.read(path, bytesMax: 10) == [3])
        #expect(mode(of: path) == 0o600)
        #expect(mode(of: home.path + "/state/deep") == 0o700)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/state/deep") == ["file"])
        #expect(throws: StateError.self) { try AtomicFile.read(path, bytesMax: 0) }
        #expect(try AtomicFile.read(home.path + "/none", bytesMax: 10) == nil)
    }

    @Test func aFileThatCannotBeWrittenLeavesTheOldOne() throws {
        let home = try Home()
        try FileManager.default.createDirectory(atPath: home.path + "/file", withIntermediateDirectories: true)
        #expect(throws: StateError.self) { try AtomicFile.write([1], to: home.path + "/file") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["file"])
    }

    @Test func whatIsNoRegularFileIsNotReplaced() throws {
        let home = try Home()
        let pipe = home.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(symlink("pipe", home.path + "/link") == 0)
        for name in ["pipe", "link"] {
            let path = "\(home.path)/\(name)"
            #expect(throws: StateError.self) { try AtomicFile.write([1], to: path) }
            #expect(throws: OutboxError.self) { try OutboxFile(path: path) }
        }
        #expect(FileKind(path: pipe) == .special)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path).sorted() == ["link", "pipe"])
    }

    @Test func aLinkStaysWhereItsFileIsReplaced() async throws {
        let home = try Home()
        let link = home.path + "/link"
        try home.write("", to: "kept")
        #expect(symlink("kept", link) == 0)
        try AtomicFile.write([1], to: link)
        #expect(try AtomicFile.read(home.path + "/kept", bytesMax: 10) == [1])
        try home.write("", to: "kept")
        try await TailState(path: link).printed(position(1), of: ops, at: server)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "kept")
        #expect(try await TailState(path: home.path + "/kept").cursors[server, ops] == position(1))
    }

    @Test(arguments: [
        ("x", ".", "x"), ("é", ".", "é"), ("-", ".", "-"), ("", ".", ""), ("/", "/", "/"), ("/x", "/", "x"),
        ("a/b", "a", "b"), ("/a//b/", "/a", "b"), ("./y", ".", "y"), ("../日本/z", "../日本", "z"),
    ])
    func aPathIsAFolderAndAName(path: String, folder: String, name: String) {
        #expect(PathParts(path).folder == folder)
        #expect(PathParts(path).name == name)
    }

    @Test func draftsComeBackAndTheOldestGo() throws {
        let home = try Home()
        let file = DraftsFile(path: home.path + "/drafts.json")
        #expect(try file.load() == Drafts())
        var drafts = Drafts()
        drafts[lobby] = "two\nlines 🚢"
        drafts[ops] = "x"
        drafts[ops] = ""
        try file.save(drafts)
        #expect(try file.load() == drafts)
        #expect(drafts.rooms == [lobby])
        for number in 0..<Drafts.roomsMax { drafts[room("r\(number)")] = "x" }
        #expect(drafts.rooms.count == Drafts.roomsMax)
        #expect(drafts[lobby].isEmpty)
        #expect(Drafts(Array("[{]".utf8)) == Drafts())
    }

    @Test func inputComesBackInItsOrder() throws {
        let home = try Home()
        let file = InputHistoryFile(path: home.path + "/history/x")
        for line in ["one", "two\nlines", "two\nlines", "", String(repeating: "x", count: 1 << 20)] {
            try file.append(line)
        }
        #expect(try file.load() == ["one", "two\nlines"])
        #expect(mode(of: file.path) == 0o600)
    }

    /// Each input is one line of the file, whatever is in it.
    @Test func everyInputIsALineAndComesBackAsItWas() {
        let entries = [
            "plain", "two\nlines", #"back\slash \n"#, "tab\tand\u{1B}[31m", "日本語 👩‍👩‍👧", "cr\r\nlf", " indented ",
        ]
        let file = InputHistoryFile.encode(entries)
        #expect(file.count { $0 == UInt8(ascii: "\n") } == entries.count)
        #expect(file.allSatisfy { $0 == UInt8(ascii: "\n") || $0 >= 0x20 })
        #expect(InputHistoryFile.decode(file) == entries)
    }

    /// A crash cuts the last line off; what comes behind it is whole.
    @Test func aLineThatWasCutOffTakesNoOtherWithIt() throws {
        let home = try Home()
        let file = InputHistoryFile(path: home.path + "/history")
        let whole = Array("\n".utf8) + InputHistoryFile.encode(["first é"])
        for length in whole.indices {
            try AtomicFile.write(Array(whole[..<length]), to: file.path)
            try file.append("next")
            #expect(try file.load().last == "next")
        }
    }

    @Test func aLongInputHistoryIsCutWhenItIsRead() throws {
        let home = try Home()
        let file = InputHistoryFile(path: home.path + "/history")
        let entries = (0..<5000).map { "\($0) " + String(repeating: "x", count: 400) }
        try AtomicFile.write(InputHistoryFile.encode(entries), to: file.path)
        #expect(try file.load() == entries.suffix(InputHistoryFile.entriesMax))
        #expect(try AtomicFile.read(file.path, bytesMax: InputHistoryFile.fileBytesMax) != nil)
    }

    @Test func preferencesComeBack() throws {
        let home = try Home()
        let file = PreferencesFile(path: home.path + "/preferences.json")
        #expect(try file.load() == Preferences())
        var preferences = Preferences()
        preferences.theme = "dusk"
        preferences.muted = ["ops"]
        try file.save(preferences)
        #expect(try file.load() == preferences)
        #expect(Preferences(Array("nonsense".utf8)) == Preferences())
        #expect(Preferences(Array(#"{"theme":"x","new":[1]}"#.utf8)).theme == "x")
    }

    @Test func roomsComeBack() throws {
        let home = try Home()
        let file = KeptRoomsFile(path: home.path + "/rooms/x.json")
        #expect(try file.load() == KeptRooms())
        var rooms = KeptRooms()
        (rooms.joined, rooms.left, rooms.shown) = ([lobby, ops], [room("dev")], ops)
        try file.save(rooms)
        #expect(try file.load() == rooms)
        #expect(mode(of: file.path) == 0o600)
        rooms.joined = (0...KeptRooms.roomsMax).map { room("r\($0)") }
        try file.save(rooms)
        #expect(try file.load().joined == rooms.joined.dropLast())
        #expect(KeptRooms(Array(#"{"joined":["no room!","lobby"],"left":[],"new":1}"#.utf8)).joined == [lobby])
        #expect(KeptRooms(Array("nonsense".utf8)) == KeptRooms())
    }

    @Test func tailCursorsComeBackForTheirServerAndRoom() throws {
        var cursors = TailCursors()
        cursors[server, ops] = position(5)
        #expect(TailCursors(try cursors.encoded())?[server, ops] == position(5))
        #expect(cursors[server, lobby] == nil)
        #expect(cursors[ServerAddress(host: "h", port: 80), ops] == nil)
        #expect(TailCursors(Array("{}".utf8)) == nil)
        // To begin anew there would print again what was printed, and forget where.
        let corrupt = String(decoding: try cursors.encoded(), as: UTF8.self).replacing("5-0", with: "five")
        #expect(TailCursors(Array(corrupt.utf8)) == nil)
    }

    @Test func aTailStateThatCannotBeWrittenLeavesNothingBehind() async throws {
        let home = try Home()
        let state = try TailState(path: home.path + "/state")
        unlink(home.path + "/state")
        try FileManager.default.createDirectory(atPath: home.path + "/state", withIntermediateDirectories: true)
        await #expect(throws: StateError.self) { try await state.printed(position(1), of: ops, at: server) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == ["state"])
    }

    @Test func aTailStateIsOneProcessAlone() async throws {
        let home = try Home()
        let path = home.path + "/state"
        do {
            let state = try TailState(path: path)
            #expect(throws: CommandFailure.self) { try TailState(path: path) }
            try await state.printed(position(1), of: ops, at: server)
            #expect(throws: CommandFailure.self) { try TailState(path: path) }
        }
        #expect(try await TailState(path: path).cursors[server, ops] == position(1))
        try home.write("something else", to: "state")
        #expect(throws: CommandFailure.self) { try TailState(path: path) }
        #expect(try AtomicFile.read(path, bytesMax: 100) == Array("something else".utf8), "it is left alone")
    }
}
