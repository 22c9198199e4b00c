import ChatBroker
import FoundationEssentials
import NIOCore

/// What travels on a node's inbox and on `tc:control`: `Q1` and a nonce, this node's own probe; `N1` and the JSON of a
/// node message.
enum InboxPayload: Equatable {
    case probe(nonce: UInt64)
    case message(NodeMessage)

    static func probe(_ nonce: UInt64) -> ByteBuffer { ByteBuffer(string: "Q1\(nonce)\n") }

    static func encoded(_ message: NodeMessage) throws -> ByteBuffer {
        var payload = ByteBuffer(string: "N1")
        payload.writeBytes(try JSONEncoder().encode(message))
        return payload
    }

    /// nil where the payload is none, too long, or of a version that this node does not know.
    init?(_ payload: ByteBuffer, bytesMax: Int) {
        guard payload.readableBytes <= bytesMax else { return nil }
        var scanner = PayloadScanner(payload)
        let kind = scanner.byte()
        guard scanner.byte() == UInt8(ascii: "1") else { return nil }
        switch kind {
        case UInt8(ascii: "Q"):
            guard let nonce = scanner.number(endingWith: UInt8(ascii: "\n")) else { return nil }
            self = .probe(nonce: nonce)
        case UInt8(ascii: "N"):
            let json = Data(payload.readableBytesView.dropFirst(2))
            guard let message = try? JSONDecoder().decode(NodeMessage.self, from: json) else { return nil }
            self = .message(message)
        default:
            return nil
        }
    }
}
