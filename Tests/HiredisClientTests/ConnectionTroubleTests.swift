import Foundation
import NIOCore
import Testing

@testable import HiredisClient

@Suite struct ConnectionTroubleTests {
    @Test func anOperatorReadsWordsAndNoDump() {
        let refused = IOError(errnoCode: ECONNREFUSED, reason: "connect(descriptor:addr:size:)")
        let error = RedisError(.disconnected, "No connection to 127.0.0.1:1.", cause: refused)
        #expect("\(error)" == "disconnected: No connection to 127.0.0.1:1. (Connection refused)")
        #expect(ConnectionTrouble.words(ChannelError.connectTimeout(.seconds(1))) == "connecting took too long")
        let nested = RedisError(.disconnected, "x", cause: RedisError(.reply, "NOAUTH"))
        #expect("\(nested)" == "disconnected: x (reply: NOAUTH)")
    }
}
