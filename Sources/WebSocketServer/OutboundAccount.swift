/// How much waits for one peer, without asking the channel at each write.
///
/// Counts up from the last exact figure, so it is never too low; the owner asks the channel for the exact number only
/// when the estimate passes a mark.
struct OutboundAccount {
    /// Bytes and frames waiting at most.
    private(set) var bytes = 0
    private(set) var frames = 0
    /// Kept from each correction until someone asks: whoever corrects may not be who looks for signs of life.
    private var hasMoved = false

    mutating func wrote(bytes: Int, frames: Int) {
        self.bytes += bytes
        self.frames += frames
    }

    /// Takes the channel's exact number of waiting bytes. They are the last ones written, so the frames among them are
    /// taken to be their share.
    mutating func corrected(bytes exact: Int) {
        if exact < bytes {
            frames = exact == 0 ? 0 : max(1, Int(Double(frames) * Double(exact) / Double(bytes)))
            hasMoved = true
        }
        bytes = exact
    }

    /// Whether the peer has taken anything since this was asked last.
    mutating func takeMoved() -> Bool {
        defer { hasMoved = false }
        return hasMoved
    }
}
