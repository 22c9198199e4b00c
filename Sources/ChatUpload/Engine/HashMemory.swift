import Crypto
import NIOConcurrencyHelpers

/// Hashes of uploads whose last request ended cleanly at this worker, so that a file sent in many requests need not be read again.
final class HashMemory: Sendable {
    private struct Known {
        var offset: Int
        var hash: SHA256
    }

    private let known = NIOLockedValueBox<(hashes: [WriterClaim: Known], order: [WriterClaim])>(([:], []))

    /// The hash of everything before `offset`, if the claim's bytes were written here and nobody wrote since.
    func take(_ claim: WriterClaim, offset: Int) -> SHA256? {
        known.withLockedValue { known in
            guard let found = known.hashes.removeValue(forKey: claim) else { return nil }
            known.order.removeAll { $0 == claim }
            return found.offset == offset ? found.hash : nil
        }
    }

    func put(_ claim: WriterClaim, offset: Int, _ hash: SHA256) {
        known.withLockedValue { known in
            known.hashes[claim] = Known(offset: offset, hash: hash)
            known.order.append(claim)
            if known.order.count > UploadLimits.hashesMax { known.hashes[known.order.removeFirst()] = nil }
        }
    }
}
