/// The parameters of the SGR sequence that makes one pen of another.
struct Codes {
    var startsWithReset = false
    private var codes = InlineCodes()

    init(from old: Style, to new: Style) {
        let lost = old.attributes.subtracting(new.attributes)
        var gained = new.attributes.subtracting(old.attributes)
        if !lost.isDisjoint(with: [.bold, .dim]) {
            // One code ends both.
            codes.append(22)
            gained.formUnion(new.attributes.intersection([.bold, .dim]))
        }
        if lost.contains(.italic) { codes.append(23) }
        if lost.contains(.underline) { codes.append(24) }
        if lost.contains(.reverse) { codes.append(27) }
        if lost.contains(.strike) { codes.append(29) }
        if gained.contains(.bold) { codes.append(1) }
        if gained.contains(.dim) { codes.append(2) }
        if gained.contains(.italic) { codes.append(3) }
        if gained.contains(.underline) { codes.append(4) }
        if gained.contains(.reverse) { codes.append(7) }
        if gained.contains(.strike) { codes.append(9) }
        if new.foreground != old.foreground { append(new.foreground, base: 30) }
        if new.background != old.background { append(new.background, base: 40) }
    }

    /// - Parameter base: 30 for the foreground, 40 for the background.
    private mutating func append(_ color: Color, base: UInt8) {
        switch color {
        case .standard: codes.append(base + 9)
        case .indexed(let index) where index < 8: codes.append(base + index)
        case .indexed(let index) where index < 16: codes.append(base + 52 + index)
        case .indexed(let index):
            codes.append(base + 8)
            codes.append(5)
            codes.append(index)
        case .rgb(let red, let green, let blue):
            codes.append(base + 8)
            codes.append(2)
            codes.append(red)
            codes.append(green)
            codes.append(blue)
        }
    }

    /// In bytes. The reset in front of others is an empty parameter.
    var length: Int {
        var length = max(0, codes.count - 1) + (startsWithReset ? 1 : 0)
        for index in 0..<codes.count { length += Plotter.digits(Int(codes[index])) }
        return length
    }

    func append(to bytes: inout [UInt8]) {
        if startsWithReset { bytes.append(0x3b) }
        for index in 0..<codes.count {
            if index > 0 { bytes.append(0x3b) }
            bytes.append(number: Int(codes[index]))
        }
    }
}

/// A list without an allocation: a pen changes many times in a frame.
private struct InlineCodes {
    /// Six ends, six beginnings, twice five for a colour; never full.
    private var storage = (UInt64(0), UInt64(0), UInt64(0))
    private(set) var count = 0

    mutating func append(_ code: UInt8) {
        withUnsafeMutableBytes(of: &storage) { $0[count] = code }
        count += 1
    }

    subscript(index: Int) -> UInt8 { withUnsafeBytes(of: storage) { $0[index] } }
}
