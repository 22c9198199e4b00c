import ChatBroker
import ChatWire
import NIOCore

/// What every broker promises the upload workers (`FileRegistry`), as one behaviour a case.
public struct FileRegistryContract: Sendable {
    public enum Behaviour: String, CaseIterable, Sendable {
        case aFileIsAnnouncedOnce
        case aFileAnnouncedByTwoWorkersAtOnceIsAnnouncedOnce
        case filesAreListedNewestFirst
        case pagesOfFilesMeet
        case aForgottenFileIsNotListed
        case pendingUploadsAreLimited
        case aReleasedUploadMakesRoom
        case theSameUploadIsCountedOnce
        case bytesPerDayAreLimited
        case bytesAreGivenBack
        case aFileCountsForTheDayOnce
        case aForgottenUploadGivesItsBytesBackOnce
        case whatAForgottenUploadFinishesCounts
        case creationsPerMinuteAreLimited
        case accountsAreTheUsersOwn
        case aPendingUploadIsForgottenInTime
        case aRenewedUploadIsPendingForLonger
        case aReleasedUploadIsNotRenewed
        case aFullAccountSaysWhenAPlaceIsFree
        case theVolumeIsTheFirstOneThatWasNamed
    }

    public typealias Tested = TestedBroker
    private let make: @Sendable (NodeID) throws -> any Tested

    public init(_ make: @escaping @Sendable (NodeID) throws -> any Tested) { self.make = make }

    /// - Throws: ``WireFailure`` or ``NotInTime``, which say what did not hold.
    public func check(_ behaviour: Behaviour) async throws {
        let brokers = [try make(.test("a")), try make(.test("b"))]
        var nodes: [TestNode] = []
        for (index, broker) in brokers.enumerated() {
            nodes.append(try await TestNode.start(.test(index == 0 ? "a" : "b"), broker))
        }
        let workers = brokers.map(Worker.init)
        let user = UploadAccount(try UserName("user\(UInt32.random(in: .min ... .max))"))
        try await check(behaviour, workers[0], workers[1], try RoomName.random(), user, nodes)
        for node in nodes { try await node.call { $0.stop() } }
    }

    private func check(
        _ behaviour: Behaviour, _ a: Worker, _ b: Worker, _ room: RoomName, _ user: UploadAccount,
        _ nodes: [TestNode]
    ) async throws {
        switch behaviour {
        case .aFileIsAnnouncedOnce:
            let first = try await a.announce("f1", in: room)
            let again = try await b.announce("f1", in: room)
            try expect(!first.isDuplicate && again.isDuplicate && first.id == again.id, "one line")
            try await expectLines(["f1"], nodes[0], room)
        case .aFileAnnouncedByTwoWorkersAtOnceIsAnnouncedOnce:
            async let first = a.announce("f1", in: room)
            async let second = b.announce("f1", in: room)
            let receipts = try await [first, second]
            try expect(receipts.count(where: \.isDuplicate) == 1, "one of two is a duplicate")
            try await expectLines(["f1"], nodes[0], room)
        case .filesAreListedNewestFirst:
            for id in ["f1", "f2"] { _ = try await a.announce(id, in: room) }
            let page = try await b.files(room, nil, 10)
            try expect(page.files.map(\.line.id) == ["f2", "f1"] && !page.more, "newest first: \(page)")
            try expect(page.files[1].line == Worker.line("f1"), "the line as it was: \(page.files[1].line)")
            try expect(page.files[1].announced > 0, "its time")
        case .pagesOfFilesMeet:
            for n in 1...5 { _ = try await a.announce("f\(n)", in: room) }
            let first = try await a.files(room, nil, 2)
            let second = try await a.files(room, "f4", 2)
            let last = try await a.files(room, "f2", 2)
            try expect(first.files.map(\.line.id) == ["f5", "f4"] && first.more, "first page: \(first)")
            try expect(second.files.map(\.line.id) == ["f3", "f2"] && second.more, "second page: \(second)")
            try expect(last.files.map(\.line.id) == ["f1"] && !last.more, "last page: \(last)")
        case .aForgottenFileIsNotListed:
            for id in ["f1", "f2"] { _ = try await a.announce(id, in: room) }
            try await b.call { $0.forget("f1", in: room) }
            try expect(try await a.files(room, nil, 10).files.map(\.line.id) == ["f2"], "one is left")
            try await expectLines(["f1", "f2"], nodes[0], room)
        case .pendingUploadsAreLimited:
            try expect(try await a.reserve("u1", user, pending: 2) == .granted, "the first")
            try expect(try await b.reserve("u2", user, pending: 2) == .granted, "the second")
            try expect(try await a.reserve("u3", user, pending: 2).reason == .pending, "not the third")
        case .aReleasedUploadMakesRoom:
            try expect(try await a.reserve("u1", user, pending: 1) == .granted, "the first")
            try await b.release("u1", user)
            try expect(try await a.reserve("u2", user, pending: 1) == .granted, "after the release")
        case .theSameUploadIsCountedOnce:
            for worker in [a, b, a] {
                try expect(try await worker.reserve("u1", user, pending: 1) == .granted, "the same one")
            }
        case .bytesPerDayAreLimited:
            try expect(try await a.reserve("u1", user, bytes: 60, perDay: 100) == .granted, "60 of 100")
            let refused = try await a.reserve("u2", user, bytes: 60, perDay: 100)
            try expect(refused.reason == .bytes, "not 120 of 100")
            try expect(try await a.reserve("u3", user, bytes: 40, perDay: 100) == .granted, "100 of 100")
        case .bytesAreGivenBack:
            try expect(try await a.reserve("u1", user, bytes: 100, perDay: 100) == .granted, "100 of 100")
            for _ in 1...2 { try await a.release("u1", user, counting: 70) }
            try await expectLeft(30, a, user)
        case .aFileCountsForTheDayOnce:
            try expect(try await a.reserve("u1", user, perDay: 100) == .granted, "of no known length")
            for worker in [a, b] { try await worker.release("u1", user, counting: 70) }
            try await expectLeft(30, a, user)
        case .aForgottenUploadGivesItsBytesBackOnce:
            try await forget("u1", of: user, for: ("u2", bytes: 70), a, b)
            try await a.release("u1", user)
            try await expectLeft(30, a, user)
        case .whatAForgottenUploadFinishesCounts:
            try await forget("u1", of: user, for: ("u2", bytes: 10), a, b)
            for worker in [a, b] { try await worker.release("u1", user, counting: 60) }
            try await expectLeft(30, a, user)
        case .creationsPerMinuteAreLimited:
            try expect(try await a.reserve("u1", user, perMinute: 1) == .granted, "the first")
            guard case .refused(.rate, let after) = try await a.reserve("u2", user, perMinute: 1) else {
                throw WireFailure("the second is refused")
            }
            try expect(after > .zero && after <= .minutes(1), "it may come within a minute: \(after)")
        case .accountsAreTheUsersOwn:
            try expect(try await a.reserve("u1", user, pending: 1) == .granted, "one user")
            let other = UploadAccount(guest: try UserName("ann"), at: "\(UInt32.random(in: .min ... .max))")
            try expect(try await a.reserve("u2", other, pending: 1) == .granted, "another user")
        case .aPendingUploadIsForgottenInTime:
            try expect(try await a.reserve("u1", user, pending: 1, lifetime: .milliseconds(50)) == .granted, "one")
            try await eventually("the place is free") { try await b.reserve("u2", user, pending: 1) == .granted }
        case .aRenewedUploadIsPendingForLonger:
            try expect(try await a.reserve("u1", user, pending: 2, lifetime: .seconds(1)) == .granted, "the first")
            try await b.call { $0.renew("u1", of: user, lifetime: .minutes(5)) }
            try expect(try await a.reserve("u2", user, pending: 2, lifetime: .milliseconds(1)) == .granted, "another")
            try await eventually("only the renewed one is left") {
                try await a.reserve("u3", user, pending: 2) == .granted
            }
            let again = try await a.reserve("u4", user, pending: 2)
            try expect(again.retryAfter.map { $0 > .minutes(4) } ?? false, "renewed for five minutes: \(again)")
        case .aReleasedUploadIsNotRenewed:
            try expect(try await a.reserve("u1", user, pending: 1) == .granted, "the first")
            try await a.release("u1", user)
            try await b.call { $0.renew("u1", of: user, lifetime: .minutes(5)) }
            try expect(try await a.reserve("u2", user, pending: 1) == .granted, "its place is free")
        case .aFullAccountSaysWhenAPlaceIsFree:
            try expect(try await a.reserve("u1", user, pending: 1, lifetime: .hours(2)) == .granted, "for two hours")
            let refused = try await a.reserve("u2", user, pending: 1)
            let after = refused.retryAfter ?? .zero
            try expect(after > .minutes(119) && after <= .hours(2), "in two hours, not sooner: \(refused)")
        case .theVolumeIsTheFirstOneThatWasNamed:
            let named = try await a.call { $0.volume("v\(UInt32.random(in: .min ... .max))") }
            try expect(named != nil, "a volume")
            try expect(try await b.call { $0.volume("another") } == named, "another does not take its place")
            try expect(try await b.call { $0.volume(nil) } == named, "who has none is told")
        }
    }

    /// Reserves all of a day of 100 for an upload that is forgotten at once, and so many bytes of it for another one then.
    private func forget(
        _ id: String, of user: UploadAccount, for other: (id: String, bytes: Int), _ a: Worker, _ b: Worker
    ) async throws {
        let lifetime = TimeAmount.milliseconds(50)
        try expect(try await a.reserve(id, user, bytes: 100, perDay: 100, lifetime: lifetime) == .granted, "100")
        try await eventually("they are given back") {
            try await b.reserve(other.id, user, bytes: other.bytes, perDay: 100) == .granted
        }
    }

    /// So many bytes of a day of 100, no more.
    private func expectLeft(_ bytes: Int, _ worker: Worker, _ user: UploadAccount) async throws {
        let refused = try await worker.reserve("more", user, bytes: bytes + 1, perDay: 100)
        try expect(refused.reason == .bytes, "no more than \(bytes)")
        try expect(try await worker.reserve("rest", user, bytes: bytes, perDay: 100) == .granted, "\(bytes) are left")
    }

    private func expectLines(_ ids: [String], _ node: TestNode, _ room: RoomName) async throws {
        let entries = try await node.page(.newest(limit: 100), of: room).entries
        let lines = try entries.map { try FileLine(tail: $0.tail).id }
        try expect(lines == ids && entries.allSatisfy { $0.kind == .file }, "lines in the room: \(lines)")
    }

    private func expect(_ holds: Bool, _ what: String) throws {
        guard holds else { throw WireFailure("did not hold: \(what)") }
    }
}

/// A broker as an upload worker uses it.
private struct Worker: Sendable {
    let broker: any FileRegistryContract.Tested

    static func line(_ id: String) -> FileLine {
        FileLine(
            id: id, name: "a \"name\" of \(id)", bytes: 5, mediaType: "text/plain",
            sha256: String(repeating: "0", count: 64), user: "ann", key: id)
    }

    func call<Value: Sendable>(
        _ body: @escaping @Sendable (any FileRegistryContract.Tested) -> EventLoopFuture<Value>
    ) async throws -> Value {
        try await broker.eventLoop.flatSubmit { [broker] in body(broker) }.get()
    }

    func announce(_ id: String, in room: RoomName) async throws -> Receipt {
        try await call { $0.announce(Self.line(id), in: room) }
    }

    func files(_ room: RoomName, _ before: String?, _ limit: Int) async throws -> FilePage {
        try await call { $0.files(of: room, before: before, limit: limit) }
    }

    func release(_ id: String, _ account: UploadAccount, counting bytes: Int = 0) async throws {
        try await call { $0.release(id, of: account, counting: bytes, reserved: 100) }
    }

    func reserve(
        _ id: String, _ account: UploadAccount, bytes: Int = 0, pending: Int = 100, perDay: Int = 0,
        perMinute: Int = 100, lifetime: TimeAmount = .minutes(5)
    ) async throws -> ReservationAnswer {
        let reservation = UploadReservation(
            id: id, account: account, bytes: bytes, lifetime: lifetime,
            limits: UploadAllowance(pending: pending, bytesPerDay: perDay, perMinute: perMinute))
        return try await call { $0.reserve(reservation) }
    }
}

extension ReservationAnswer {
    fileprivate var reason: Reason? {
        if case .refused(let reason, _) = self { reason } else { nil }
    }

    fileprivate var retryAfter: TimeAmount? {
        if case .refused(_, let time) = self { time } else { nil }
    }
}
