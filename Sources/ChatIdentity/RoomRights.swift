public import ChatWire

/// In which rooms an identity may read and write.
///
/// Reading is join, history, who, resume and download; writing is send, typing, upload and delete. Whoever may write
/// in a room may read there.
public struct RoomRights: Sendable, Equatable {
    public enum Action: Sendable, CaseIterable {
        case read, write
    }

    public var read: [RoomGlob]
    public var write: [RoomGlob]

    public init(read: [RoomGlob], write: [RoomGlob]) {
        self.read = read
        self.write = write
    }

    public static let everything = RoomRights(read: [], write: [.everyRoom])

    /// No room is hidden from the identity.
    public var readsEveryRoom: Bool { write.contains(.everyRoom) || read.contains(.everyRoom) }

    public func allows(_ action: Action, _ room: RoomName) -> Bool {
        switch action {
        case .write: write.contains { $0.matches(room) }
        case .read: write.contains { $0.matches(room) } || read.contains { $0.matches(room) }
        }
    }
}
