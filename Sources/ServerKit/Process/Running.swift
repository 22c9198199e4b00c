import NIOConcurrencyHelpers

/// What a service started, for the one who stops it.
public final class Running<Value: Sendable>: Sendable {
    private let box = NIOLockedValueBox<Value?>(nil)

    public init() {}

    public var value: Value? {
        get { box.withLockedValue { $0 } }
        set { box.withLockedValue { $0 = newValue } }
    }
}
