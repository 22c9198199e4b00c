/// Bounds inside one upload worker that operators need not know.
enum UploadLimits {
    /// Bytes of one upload that may wait for the disk; hashing and writing one batch goes on while the next is received.
    static let batchBytes = 512 * 1024
    /// Bytes read from the disk at once.
    static let readBytes = 256 * 1024
    /// Bytes of a file that its media type is told from.
    static let sniffBytes = 1024
}
