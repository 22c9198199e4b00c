import ChatWire

/// The secret that resumes a session on any node: it names the node that has the session, so that a resume needs no
/// record in Redis. `<node id>.<session>.<32 hex digits>`; the digits are 128 random bits.
struct ResumeToken: Hashable {
    var node: NodeID
    var session: SessionID
    var secret: [UInt8]

    init(node: NodeID, session: SessionID, secret: [UInt8]) {
        self.node = node
        self.session = session
        self.secret = secret
    }

    /// nil for anything that no node wrote.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, let node = NodeID(parts.dropLast(2).joined(separator: ".")),
            let session = SessionID(parts[parts.count - 2]), let secret = Self.bytes(hex: parts[parts.count - 1])
        else { return nil }
        self.init(node: node, session: session, secret: secret)
    }

    var text: String { "\(node).\(session).\(secretHex)" }

    var secretHex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: secret.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func bytes(hex: some StringProtocol) -> [UInt8]? {
        let digits = Array(hex.utf8)
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = hexValue(digits[index]), let low = hexValue(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    static func randomSecret(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
