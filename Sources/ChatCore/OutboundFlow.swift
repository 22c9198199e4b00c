/// Decides whether one connection's outbound queue takes more, without asking the socket at every write.
///
/// The flow counts what was queued since the queue was last known to be empty: an upper bound. Only when that bound
/// would pass a mark does the driver measure the bytes that really wait; the entries among them are estimated in
/// proportion. So a connection that keeps up costs two additions per write.
public struct OutboundFlow: Sendable {
    /// What the driver does with a write of so many entries and bytes.
    public enum Admission: Sendable, Equatable {
        case write
        /// Measure the bytes that wait for the socket, call ``measured(waitingBytes:)``, and ask again.
        case measure
        /// The mark is passed: the room's live entries stop for this connection.
        case overMark
    }

    private let entriesMax: Int
    private let bytesMax: Int
    private var entries = 0
    private var bytes = 0
    private var isMeasured = true

    /// - Parameters:
    ///   - entriesMax: entries that may wait, at least 1.
    ///   - bytesMax: bytes that may wait.
    public init(entriesMax: Int, bytesMax: Int) {
        self.entriesMax = entriesMax
        self.bytesMax = bytesMax
    }

    /// Asks to queue entries of one room. An empty queue takes any batch, so that a batch larger than the mark passes.
    public mutating func admit(entries newEntries: Int, bytes newBytes: Int) -> Admission {
        if bytes == 0 || (entries + newEntries <= entriesMax && bytes + newBytes <= bytesMax) {
            entries += newEntries
            bytes += newBytes
            isMeasured = false
            return .write
        }
        return isMeasured ? .overMark : .measure
    }

    /// Counts bytes that must be queued whatever waits: answers, notices and control frames, which other limits bound.
    public mutating func queued(bytes newBytes: Int) {
        bytes += newBytes
        isMeasured = false
    }

    /// The socket has so many bytes still to take.
    public mutating func measured(waitingBytes: Int) {
        isMeasured = true
        guard waitingBytes < bytes else { return }
        entries = bytes == 0 ? 0 : (entries * waitingBytes + bytes - 1) / bytes
        bytes = waitingBytes
    }
}
