import NIOCore

/// Bounds inside one upload worker that operators need not know.
enum UploadLimits {
    /// Bytes read from the disk at once.
    static let readBytes = 256 * 1024
    /// After so many bytes of an upload the kernel is told to write them to the disk.
    static let writebackBytes = 8 * 1024 * 1024
    /// How long a request waits for the broker before it is answered with 503.
    static let brokerTimeout = TimeAmount.seconds(10)
    /// Temporary files older than this were left by a worker that is no more.
    static let temporarySeconds = 600
    /// Programs of `--scan` that run at once.
    static let scansMax = 4
    /// How often a worker renews the lease of an upload that it receives, within one lease.
    static let renewalsPerLease = 3
    /// Commits younger than this are left to the worker that made them.
    static let graceSeconds = 10
    /// Files in one page of a room's list.
    static let pageFilesMax = 200
    static let pageFilesDefault = 50
    /// So much later than the worker's own deadline the server closes an idle connection without a word.
    static let idleSlack = TimeAmount.seconds(5)
    /// How long a client that does not read its answer is waited for.
    static let writeTimeout = TimeAmount.seconds(60)
    /// After an answer that ends the connection, what still comes is thrown away for so long, so that the answer arrives.
    static let lingerTimeout = TimeAmount.seconds(2)
    /// Hashes of unfinished uploads kept at once, to go on with where the next request of the same upload comes here.
    static let hashesMax = 256
    /// Bytes of a request's head.
    static let headBytesMax = 32 * 1024
    static let headerBytesMax = 16 * 1024
    static let headersMax = 100
}
