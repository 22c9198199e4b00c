import Foundation

/// `Upload-Metadata` of tus: `key base64value,key base64value,flag`.
struct UploadMetadata: Sendable, Equatable {
    /// Values are text; a key without one has "".
    let values: [String: String]

    /// Bytes of the header: a name of 10 KB is refused, one of 255 characters of any script is not.
    static let bytesMax = 8 * 1024
    static let pairsMax = 16
    static let keyBytesMax = 64

    init(_ header: String?) throws(InputError) {
        guard let header, !ASCII.trimmed(header).isEmpty else {
            values = [:]
            return
        }
        guard header.utf8.count <= Self.bytesMax else {
            throw .tooLarge("Upload-Metadata is at most \(Self.bytesMax) bytes")
        }
        var values: [String: String] = [:]
        for item in header.split(separator: ",", omittingEmptySubsequences: false) {
            let (key, value) = try Self.pair(ASCII.trimmed(item))
            guard values.count < Self.pairsMax else { throw .tooLarge("Upload-Metadata has too many pairs") }
            guard values.updateValue(value, forKey: key) == nil else {
                throw .malformed("Upload-Metadata names a key twice")
            }
        }
        self.values = values
    }

    subscript(key: String) -> String? { values[key] }

    private static func pair(_ text: String) throws(InputError) -> (String, String) {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard let key = parts.first, key.utf8.count <= keyBytesMax, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { throw .malformed("a key of Upload-Metadata is 1 to \(keyBytesMax) ASCII characters") }
        guard parts.count == 2 else { return (String(key), "") }
        guard let data = Data(base64Encoded: String(parts[1])), let value = String(validating: data, as: UTF8.self)
        else {
            throw .malformed("a value of Upload-Metadata is UTF-8 in base64")
        }
        return (String(key), value)
    }
}
