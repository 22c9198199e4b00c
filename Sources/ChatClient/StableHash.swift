/// A hash that is the same in every run and on every machine, which Swift's own is not. No secret is safe behind it.
enum StableHash {
    /// FNV-1a, 64 bits, of the text's UTF-8.
    static func of(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
