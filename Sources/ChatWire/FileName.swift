// NFC: the standard library has it only as SPI.
import Foundation

/// The name of a file as its metadata has it: what the sender called it, without a path and without anything that a
/// person cannot see. A server keeps files under other names; a client saves them under this one.
public struct FileName: Sendable, Hashable, CustomStringConvertible {
    /// 1 to ``bytesMax`` bytes, NFC; neither `.` nor `..`, and no separator of paths.
    public let value: String

    /// What file systems take, so that a download can have the name.
    public static let bytesMax = 255
    /// Bytes of an extension with its dot that is kept where a name is cut.
    public static let extensionBytesMax = 32
    /// Of a text that is longer only the end is looked at, which has the extension.
    public static let textBytesMax = 8 * 1024

    public init(_ text: String) {
        // Scalar by scalar: a mark behind a slash makes another character of it, but no other byte.
        let component = text.suffixOfBytes(Self.textBytesMax).unicodeScalars.split { $0 == "/" || $0 == "\\" }.last
        let visible = VisibleText(component.map { String($0) } ?? "").value
            // A mark on what was not visible goes with it.
            .filter { !$0.unicodeScalars.contains("\u{fffd}") }
            .precomposedStringWithCanonicalMapping
        let name = Self.shortened(visible.trimmed)
        value = name.isEmpty || name.allSatisfy { $0 == "." } && name.count <= 2 ? "file" : name
    }

    public var description: String { value }

    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > bytesMax else { return name }
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        let kept = name[dot...].utf8.count <= extensionBytesMax ? name[dot...] : ""
        return (String(name.prefixOfBytes(bytesMax - kept.utf8.count)).trimmed + kept)
    }
}

extension String {
    /// A mark on a space goes with it: alone it would stand on whatever is before the name.
    fileprivate var trimmed: String {
        let begin = drop { $0.isWhitespace }
        guard let last = begin.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(begin[...last])
    }

    /// Whole characters from the begin, as many as fit.
    fileprivate func prefixOfBytes(_ most: Int) -> Substring {
        var count = 0
        return prefix { character in
            count += character.utf8.count
            return count <= most
        }
    }

    /// Whole scalars from the end, as many as fit.
    fileprivate func suffixOfBytes(_ most: Int) -> Substring {
        guard utf8.count > most else { return self[...] }
        var start = utf8.index(endIndex, offsetBy: -most)
        while start < endIndex, UTF8.isContinuation(utf8[start]) { start = utf8.index(after: start) }
        return self[start...]
    }
}
