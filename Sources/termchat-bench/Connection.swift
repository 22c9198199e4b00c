import Foundation

/// One connection of the load: its socket, where it is on its way to being live, and the last entry it has seen.
/// Owned by the thread of its ``Worker``.
final class Connection {
    enum State {
        case idle
        case connecting
        /// The upgrade is asked for.
        case upgrading
        /// hello and join are sent.
        case joining
        case live
    }

    /// Over the whole run, from 0; the room and the server follow from it.
    let index: Int
    let room: Int
    /// Stops reading once it is live.
    let isStuck: Bool
    var state = State.idle
    var descriptor: CInt = -1
    /// The start of a frame whose end has not come yet.
    var pending: [UInt8] = []
    /// What the socket did not take yet.
    var unsent: [UInt8] = []
    /// The last entry seen, over reconnects.
    var last: StreamPosition?
    /// Nanoseconds; when a lost connection is opened again.
    var reopenAt: UInt64 = 0
    /// Counts down to the next delivery whose latency is taken.
    var untilSample: Int
    var wasLive = false
    /// Asks for history page by page; what comes live meanwhile is held back, as it follows the pages.
    var isPaging = false
    /// The `message` frames held back.
    var held: [[UInt8]] = []

    init(index: Int, plan: Plan) {
        self.index = index
        room = index % plan.rooms
        isStuck = index >= plan.connections
        // Spread, so that not every connection samples the same message.
        untilSample = index % plan.sampleEvery
    }
}

/// Masked frames from a client, as RFC 6455 asks for; the mask is zero, which leaves the bytes as they are.
enum FrameWriter {
    static func text(_ payload: some Collection<UInt8>) -> [UInt8] { frame(0x81, payload) }
    static func pong(_ payload: some Collection<UInt8>) -> [UInt8] { frame(0x8a, payload) }

    private static func frame(_ first: UInt8, _ payload: some Collection<UInt8>) -> [UInt8] {
        var frame: [UInt8] = [first]
        let count = payload.count
        if count < 126 {
            frame.append(0x80 | UInt8(count))
        } else {
            frame += [0x80 | 126, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
        }
        frame += [0, 0, 0, 0]
        frame += payload
        return frame
    }
}
