/// Bounds inside one upload worker that operators need not know.
enum UploadLimits {
    /// Bytes written at once; hashing and writing one batch goes on while the next is received.
    static let batchBytes = 512 * 1024
}
