import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// The body of one request, chunk by chunk. Owned by the request's task.
///
/// The client that waits for `100 Continue` gets it when somebody first wants the body: a request that is refused before
/// never sends it.
final class BodyReader {
    /// Nothing of the body is left on the connection.
    private(set) var isAtEnd: Bool
    /// What the head says of its length; nil for a chunked one.
    let length: Int?

    private var iterator: RequestBody.AsyncIterator
    private var isAsked = false
    private let channel: any Channel
    private let expectsContinue: Bool

    init(_ request: Request, channel: any Channel) {
        length = request.headers[.contentLength].flatMap { Int($0) }
        isAtEnd = request.headers[.transferEncoding] == nil && (length ?? 0) == 0
        expectsContinue = request.headers[.expect]?.lowercased() == "100-continue"
        iterator = request.body.makeAsyncIterator()
        self.channel = channel
    }

    func next() async throws -> ByteBuffer? {
        if !isAsked, expectsContinue, !isAtEnd { channel.triggerUserOutboundEvent(ContinueWanted(), promise: nil) }
        isAsked = true
        guard let chunk = try await iterator.next() else {
            isAtEnd = true
            return nil
        }
        return chunk
    }
}
