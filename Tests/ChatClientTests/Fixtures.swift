import ChatWire
import NIOCore

@testable import ChatClient

/// Short names for values that tests write often.
let lobby = room("lobby")
let ops = room("ops")

func room(_ name: String) -> RoomName {
    guard let room = try? RoomName(name) else { preconditionFailure("\(name) is no room's name") }
    return room
}

func position(_ number: Int) -> Position { Position(milliseconds: UInt64(number), sequence: 0) }

/// The entry with id `<number>-0`; its `prev` is the one before it unless given.
func entry(_ number: Int, after previous: Int? = nil, user: String = "ann", key: String? = nil) -> Entry {
    let key = key ?? "k\(number)"
    return Entry(
        kind: .message, id: position(number), previous: position(previous ?? number - 1),
        tail: ByteBuffer(string: #""user":"\#(user)","session":"s0","key":"\#(key)","body":"text \#(number)"}"#))
}

func entries(_ numbers: ClosedRange<Int>) -> [Entry] { numbers.map { entry($0) } }

func joinedFrame(
    _ messages: [Entry], at last: Int, room: RoomName = lobby, ref: Ref? = nil, complete: Bool = true,
    more: Bool = false, read: Position? = nil, topic: Topic? = nil
) -> ServerFrame.Joined {
    ServerFrame.Joined(
        ref: ref, room: room, position: position(last), messages: messages, complete: complete, more: more, members: [],
        count: 0, read: read, topic: topic)
}

func welcomeFrame(
    user: String = "ann", resume: String = "secret", pingInterval: Int = 1000, features: [String] = []
) -> ServerFrame.Welcome {
    guard let session = SessionID("abc123") else { preconditionFailure("a valid id") }
    return ServerFrame.Welcome(
        ref: nil, session: session, resume: resume, user: user, node: "edge-a", server: "termchat/test", resumed: false,
        frameBytes: 65536, bodyBytes: 8192, rooms: 32, sendsPerSecond: 5, pingIntervalMilliseconds: pingInterval,
        features: features)
}

func errorFrame(_ code: ErrorCode, retryAfter: Int? = nil) -> ErrorFrame {
    ErrorFrame(code: code, message: "\(code.rawValue) in a test", retryAfterMilliseconds: retryAfter)
}

/// A moment of the fake clock, in milliseconds.
func at(_ milliseconds: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(1_000_000_000 + milliseconds * 1_000_000)) }
