/// Finds `CR LF "--" boundary` in memory: Horspool's search, which looks at one byte of about every forty.
///
/// CR stands at the delimiter's first byte and nowhere else. So a place is compared only where it begins with CR, two
/// such comparisons cannot overlap, and the search stays linear whatever a peer chooses as boundary and data.
struct DelimiterSearch: Sendable {
    let delimiter: [UInt8]
    /// How far to go where a byte stands below the delimiter's last one; at most 74.
    private let steps: [UInt8]

    enum Finding: Equatable {
        case none
        case whole(at: Int)
        /// The memory ends within what may be a delimiter.
        case begun(at: Int)
    }

    init(_ boundary: MultipartBoundary) {
        delimiter = [ASCII.carriageReturn, ASCII.lineFeed, ASCII.dash, ASCII.dash] + boundary.bytes
        var steps = [UInt8](repeating: UInt8(delimiter.count), count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() {
            steps[Int(byte)] = UInt8(delimiter.count - 1 - index)
        }
        self.steps = steps
    }

    /// The first delimiter in `bytes`, or the begin of one at their end.
    func find(in bytes: UnsafeRawBufferPointer) -> Finding {
        delimiter.withUnsafeBytes { needle in
            steps.withUnsafeBufferPointer { steps in
                let last = needle.count - 1
                var index = 0
                while index + last < bytes.count {
                    if bytes[index] == ASCII.carriageReturn, Self.isEqual(bytes, index, needle, needle.count) {
                        return .whole(at: index)
                    }
                    index += Int(steps[Int(bytes[index + last])])
                }
                while index < bytes.count {
                    if bytes[index] == ASCII.carriageReturn, Self.isEqual(bytes, index, needle, bytes.count - index) {
                        return .begun(at: index)
                    }
                    index += 1
                }
                return .none
            }
        }
    }

    private static func isEqual(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ needle: UnsafeRawBufferPointer, _ count: Int
    ) -> Bool {
        var index = 1
        while index < count, bytes[start + index] == needle[index] { index += 1 }
        return index >= count
    }
}
