import NIOCore

extension ByteBuffer {
    /// Moves `count` masked payload bytes from `source` to the end of this buffer, unmasked (RFC 6455 section 5.3).
    ///
    /// What is read from a socket lies in a buffer that NIO shares, so the bytes are unmasked while they are copied.
    /// - Parameters:
    ///   - count: At most `source.readableBytes`.
    ///   - mask: The frame's key, its lowest byte first.
    ///   - offset: How many bytes of the frame's payload came before these.
    mutating func writeUnmasked(_ count: Int, from source: inout ByteBuffer, mask: UInt32, offset: Int) {
        guard count > 0 else { return }
        let turn = UInt32(offset & 3) * 8
        let key = turn == 0 ? mask : mask >> turn | mask << (32 - turn)
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            source.withUnsafeReadableBytes { masked in
                Self.unmask(UnsafeRawBufferPointer(rebasing: masked[..<count]), into: target, key: key)
            }
            return count
        }
        source.moveReaderIndex(forwardBy: count)
    }

    private static func unmask(
        _ masked: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, key: UInt32
    ) {
        let word = (UInt64(key) << 32 | UInt64(key)).littleEndian
        var index = 0
        while index + 8 <= masked.count {
            let plain = masked.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ word
            target.storeBytes(of: plain, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < masked.count {
            target[index] = masked[index] ^ UInt8(truncatingIfNeeded: key >> (UInt32(index & 3) * 8))
            index += 1
        }
    }
}
