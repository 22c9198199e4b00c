/// The bounds of what a terminal may send and a person may type. What is above them is said at each.
public enum InputLimits {
    /// Bytes of one ``TerminalEvent/paste(_:)``. A longer paste goes on as further events, so that a terminal that
    /// never ends its paste costs no more memory than this.
    public static let pasteBytesMax = 1024 * 1024
    /// Bytes kept of one escape sequence. Longer ones are eaten, and mean nothing.
    static let sequenceBytesMax = 4096
    /// Bytes eaten of one OSC, DCS, APC, PM or SOS string without its end; what follows is typed text again.
    static let stringBytesMax = 1024 * 1024
    /// Calls of ``InputParser/timedOut()`` without a byte between them after which the rest of a begun sequence is not
    /// coming: a second at 50 ms each, more than a slow line takes, less than it takes to think that all is lost.
    static let quietTimeouts = 20
    /// Bytes of a ``LineEditor``'s text; what does not fit is not put in. Eight times what a message may have, so that
    /// a paste can be cut down by hand.
    public static let textBytesMax = 64 * 1024
    /// Bytes of one cluster while marks are typed onto it one by one; further marks are not taken. The longest emoji
    /// sequences have fewer than 40.
    static let clusterBytesMax = 256
    /// Texts in the kill ring; the oldest go.
    static let killsMax = 16
    /// Steps that can be undone; the oldest go.
    static let undoStepsMax = 256
    /// Clusters held by all steps together, for pastes and kills of whole texts; the oldest steps go.
    static let undoClustersMax = 128 * 1024
    /// Recalled inputs that were changed and left again; the change left longest ago goes.
    static let changedInputsMax = 16
    /// Bytes of what Ctrl-R looks for; further ones are not taken.
    static let queryBytesMax = 256
    /// Bytes of all entries of an ``InputHistory``; the oldest go.
    public static let historyBytesMax = 1024 * 1024
}
