public import ChatBroker
public import ChatWire

/// What every broker promises (`Broker`, `PresenceStore`, `NodeRegistry`), as one behaviour a case.
///
/// `make` makes brokers of one cluster: what one stores, the others find.
public struct BrokerContract: Sendable {
    public enum Behaviour: String, CaseIterable, Sendable {
        case everyoneHearsOneOrder
        case aReceiptIsInTheHistory
        case aKeyIsStoredOnce
        case aKeyAtOnceFromTwoNodesIsStoredOnce
        case keysAreTheUsersOwn
        case pagesMeet
        case sinceIsCompleteOnlyWhereNothingIsMissing
        case theHistoryIsBounded
        case anEmptyRoomHasNoPosition
        case theEndsOfTimeArePositions
        case aSubscriberHearsWhatFollows
        case unsubscribingEndsIt
        case roomsAreApart
        case typingIsTold
        case enteringIsAnnouncedOnce
        case leavingIsAnnouncedOnce
        case aTakeoverIsAMove
        case reassertingAnnouncesTheMissing
        case presenceAndEntriesHaveOneOrder
        case roomsAreListedByActivity
        case aTopicIsStoredAndTold
        case topicsHaveOneOrder
        case aMarkerMovesForwardOnly
        case markersAreThePrincipalsOwn
        case aMarkerIsToldWhereThatIsWanted
        case aDirectRoomIsForItsTwo
        case directRoomsAreListedByActivity
        case aMessageReachesItsNode
        case nodesAreListedUntilTheyWithdraw
        case aStoppedBrokerRefuses
    }

    /// Few entries, so that trimming is seen; brokers may keep some more.
    public static let history = HistoryBounds(entries: 200, age: .seconds(3600))
    /// How many more than ``history`` allows.
    static let historySlack = 200

    private let make: @Sendable (NodeID) throws -> any TestedBroker

    public init(_ make: @escaping @Sendable (NodeID) throws -> any TestedBroker) { self.make = make }

    /// - Throws: ``WireFailure`` or ``NotInTime``, which say what did not hold.
    public func check(_ behaviour: Behaviour) async throws {
        let nodes = [try await start("a"), try await start("b")]
        let room = try RoomName.random()
        try await check(behaviour, nodes[0], nodes[1], room)
        for node in nodes where behaviour != .aStoppedBrokerRefuses || node.id != nodes[0].id {
            try await node.call { $0.stop() }
        }
    }

    private func start(_ name: String) async throws -> TestNode {
        let id = try NodeID.test(name)
        return try await TestNode.start(id, try make(id))
    }

    private func check(_ behaviour: Behaviour, _ a: TestNode, _ b: TestNode, _ room: RoomName) async throws {
        switch behaviour {
        case .everyoneHearsOneOrder: try await everyoneHearsOneOrder(a, b, room)
        case .aReceiptIsInTheHistory: try await aReceiptIsInTheHistory(a, b, room)
        case .aKeyIsStoredOnce: try await aKeyIsStoredOnce(a, b, room)
        case .aKeyAtOnceFromTwoNodesIsStoredOnce: try await aKeyAtOnceFromTwoNodesIsStoredOnce(a, b, room)
        case .keysAreTheUsersOwn: try await keysAreTheUsersOwn(a, b, room)
        case .pagesMeet: try await pagesMeet(a, b, room)
        case .sinceIsCompleteOnlyWhereNothingIsMissing: try await sinceIsComplete(a, b, room)
        case .theHistoryIsBounded: try await theHistoryIsBounded(a, b, room)
        case .anEmptyRoomHasNoPosition: try await anEmptyRoomHasNoPosition(a, room)
        case .theEndsOfTimeArePositions: try await theEndsOfTimeArePositions(a, room)
        case .aSubscriberHearsWhatFollows: try await aSubscriberHearsWhatFollows(a, b, room)
        case .unsubscribingEndsIt: try await unsubscribingEndsIt(a, b, room)
        case .roomsAreApart: try await roomsAreApart(a, b, room)
        case .typingIsTold: try await typingIsTold(a, b, room)
        case .enteringIsAnnouncedOnce: try await enteringIsAnnouncedOnce(a, b, room)
        case .leavingIsAnnouncedOnce: try await leavingIsAnnouncedOnce(a, b, room)
        case .aTakeoverIsAMove: try await aTakeoverIsAMove(a, b, room)
        case .reassertingAnnouncesTheMissing: try await reassertingAnnouncesTheMissing(a, b, room)
        case .presenceAndEntriesHaveOneOrder: try await presenceAndEntriesHaveOneOrder(a, b, room)
        case .roomsAreListedByActivity: try await roomsAreListedByActivity(a, b, room)
        case .aTopicIsStoredAndTold: try await aTopicIsStoredAndTold(a, b, room)
        case .topicsHaveOneOrder: try await topicsHaveOneOrder(a, b, room)
        case .aMarkerMovesForwardOnly: try await aMarkerMovesForwardOnly(a, b, room)
        case .markersAreThePrincipalsOwn: try await markersAreThePrincipalsOwn(a, b, room)
        case .aMarkerIsToldWhereThatIsWanted: try await aMarkerIsTold(a, b, room)
        case .aDirectRoomIsForItsTwo: try await aDirectRoomIsForItsTwo(a, b)
        case .directRoomsAreListedByActivity: try await directRoomsAreListedByActivity(a, b)
        case .aMessageReachesItsNode: try await aMessageReachesItsNode(a, b)
        case .nodesAreListedUntilTheyWithdraw: try await nodesAreListedUntilTheyWithdraw(a, b)
        case .aStoppedBrokerRefuses: try await aStoppedBrokerRefuses(a, b, room)
        }
    }
}

/// Fails with what should have been.
func demand(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    guard holds else { throw WireFailure(what()) }
}

/// Fails with both where they differ.
func demand<Value: Equatable>(_ found: Value, is expected: Value, _ what: String) throws {
    try demand(found == expected, "\(what): \(found), expected \(expected)")
}
