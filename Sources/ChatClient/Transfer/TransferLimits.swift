import NIOCore

/// The bounds of uploads and downloads.
enum TransferLimits {
    /// Bytes read from or written to the disk at once; two of them are in memory for a transfer.
    static let batchBytes = 512 * 1024
    /// Bytes given to a connection at once: so much must move for a transfer to count as moving.
    static let sliceBytes = 64 * 1024
    /// Bytes of a body that wait for the socket, in the program and not yet sent in the kernel: what stands between
    /// the end of a body and its answer, at the rate of the slowest line that a server bears.
    static let unsentBytes = 3 * sliceBytes
    static let slowestBytesPerSecond: Int64 = 4 << 10
    /// Bytes of an answer that is read whole: a page of a room's files, an error.
    static let answerBytesMax = 1 << 20
    /// A server that reads a long file again to verify it does so at least this fast; so long it may be silent.
    static let verifiedBytesPerSecond: Int64 = 50 << 20
    /// A wait that a server asks for is granted whatever the patience, up to this.
    static let waitMax = TimeAmount.seconds(90)
    /// Files asked for in one page of a room's list, and pages looked at for a name.
    static let pageFiles = 200
    static let pagesMax = 50
    /// Uploads that began this long ago are forgotten: servers forget them sooner.
    static let recordSecondsMax: Int64 = 14 * 86_400
    /// Names tried for a download: `name (1).txt` to this.
    static let namesMax = 1000
}
