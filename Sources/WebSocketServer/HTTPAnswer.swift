import NIOCore
import NIOHTTP1

/// The bytes of the two kinds of HTTP answer that this server gives.
enum HTTPAnswer {
    static func switchingProtocols(acceptKey: String, subprotocol: String?) -> ByteBuffer {
        var headers: HTTPHeaders = [
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": acceptKey,
        ]
        if let subprotocol { headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol) }
        return head(.switchingProtocols, headers)
    }

    /// - Parameter isHead: the request was a HEAD, whose answer has no body (RFC 9110 section 9.3.2).
    static func refusal(_ refusal: UpgradeRefusal, isHead: Bool = false) -> ByteBuffer {
        let body = #"{"error":{"code":\#(json(refusal.code)),"message":\#(json(refusal.message))}}"# + "\n"
        var headers: HTTPHeaders = [
            "Connection": "close", "Content-Type": "application/json", "Content-Length": String(body.utf8.count),
            "Cache-Control": "no-store",
        ]
        if refusal.status == .upgradeRequired { headers.replaceOrAdd(name: "Connection", value: "Upgrade, close") }
        headers.add(contentsOf: refusal.headers)
        var bytes = head(refusal.status, headers)
        if !isHead { bytes.writeString(body) }
        return bytes
    }

    private static func head(_ status: HTTPResponseStatus, _ headers: HTTPHeaders) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        for (name, value) in headers { bytes.writeString("\(singleLine(name)): \(singleLine(value))\r\n") }
        bytes.writeString("\r\n")
        return bytes
    }

    /// Drops line ends: a value that an application took from a request must not add fields to the answer.
    private static func singleLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 10 || $0 == 13 }) else { return text }
        return String(text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" })
    }

    private static func json(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
