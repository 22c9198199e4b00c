/// Compares secrets in a time that depends on their lengths only.
public func isEqualInConstantTime(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for (x, y) in zip(a, b) { difference |= x ^ y }
    return difference == 0
}

/// Compares secret texts as their UTF-8 bytes; texts of other bytes are different even if they are canonically equal.
public func isEqualInConstantTime(_ a: String, _ b: String) -> Bool {
    isEqualInConstantTime(a.utf8, b.utf8)
}
