/// Makes a line of another program's output fit to be a message: without escape sequences, carriage returns and
/// other controls, which an edge refuses.
enum OutgoingText {
    static func clean(_ line: String) -> String {
        var result = String.UnicodeScalarView()
        var scalars = line.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar.value {
            case 0x1b: skipEscape(&scalars)
            case 0x09, 0x0a: result.append(scalar)
            case 0..<0x20, 0x7f..<0xa0: continue
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// ECMA-48: CSI ends at a final byte, OSC and its kin at BEL or ST, other sequences after their intermediates.
    private static func skipEscape(_ scalars: inout String.UnicodeScalarView.Iterator) {
        guard var scalar = scalars.next() else { return }
        switch scalar.value {
        case 0x5b:
            while let next = scalars.next(), !(0x40...0x7e).contains(next.value) {}
        case 0x5d, 0x50, 0x58, 0x5e, 0x5f:
            while let next = scalars.next(), next.value != 0x07 {
                if next.value == 0x1b {
                    _ = scalars.next()
                    return
                }
            }
        default:
            while (0x20...0x2f).contains(scalar.value), let next = scalars.next() { scalar = next }
        }
    }
}
