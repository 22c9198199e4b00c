/// A channel's name as a key: stored with its own bytes, and looked up with bytes that lie in a parser's memory, so that
/// a message costs no allocation to find its channel.
struct ChannelKey: Hashable {
    private enum Storage {
        case owned([UInt8])
        /// Valid during one look-up; never stored.
        case borrowed(UnsafeRawBufferPointer)
    }

    private let storage: Storage

    init(_ name: String) { storage = .owned(Array(name.utf8)) }

    init(borrowing bytes: UnsafeRawBufferPointer) { storage = .borrowed(bytes) }

    static func == (left: Self, right: Self) -> Bool {
        left.withBytes { left in right.withBytes { right in left.elementsEqual(right) } }
    }

    func hash(into hasher: inout Hasher) {
        withBytes { hasher.combine(bytes: $0) }
    }

    private func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch storage {
        case .owned(let bytes): bytes.withUnsafeBytes(body)
        case .borrowed(let bytes): body(bytes)
        }
    }
}
