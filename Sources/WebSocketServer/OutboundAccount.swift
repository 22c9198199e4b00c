/// How much waits for one peer, without asking the channel at each write.
///
/// Counts up from the last exact figure, so it is never too low; the owner asks the channel for the exact number only
/// when the estimate passes a mark.
struct OutboundAccount {
    /// Bytes and frames waiting at most.
    private(set) var bytes = 0
    private(set) var frames = 0

    mutating func wrote(bytes: Int, frames: Int) {
        self.bytes += bytes
        self.frames += frames
    }

    /// Takes the channel's exact number of waiting bytes. They are the last ones written, so the frames among them are
    /// taken to be their share. Returns whether the peer has taken anything since the last time.
    @discardableResult
    mutating func corrected(bytes exact: Int) -> Bool {
        defer { bytes = exact }
        if exact < bytes {
            frames = exact == 0 ? 0 : max(1, Int(Double(frames) * Double(exact) / Double(bytes)))
        }
        return exact < bytes
    }
}
