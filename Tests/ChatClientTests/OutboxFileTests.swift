import ChatWire
import Foundation
import Testing

@testable import ChatClient

@Suite struct OutboxFileTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/outbox-\(UInt64.random(in: 0...UInt64.max))"
    private var path: String { folder + "/state/outbox" }

    private func message(_ number: Int, body: String = "a\n\"b\"🚢") -> KeptMessage {
        KeptMessage(message: OutgoingMessage(room: lobby, key: "k\(number)", body: body), time: UInt64(number))
    }

    private let place = Place(after: position(7), user: "ann")

    @Test func messagesSurviveUntilTheyAreSettled() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let file = try OutboxFile(path: path)
            #expect(try file.restore() == [])
            for number in 1...3 { try file.add(message(number)) }
            try file.settled(key: "k2")
        }
        let file = try OutboxFile(path: path)
        #expect(try file.restore() == [message(1), message(3)])
        try file.settled(key: "k1")
        try file.settled(key: "k3")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty)
    }

    /// A kill may leave any prefix of the file: the messages whose lines are whole are restored, and the file goes on.
    @Test func aFileCutAtAnyByteKeepsItsWholeLines() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let records: [OutboxRecord] = [
            .added(message(1)), .added(message(2)), .settled(key: "k1"), .placed(key: "k2", place, time: 9),
            .added(message(3)),
        ]
        let lines = records.map(\.line)
        let whole = lines.flatMap { $0 }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for cut in 0...whole.count {
            let name = folder + "/cut"
            try Data(whole[..<cut]).write(to: URL(fileURLWithPath: name))
            var expected: [KeptMessage] = []
            var end = 0
            for (record, line) in zip(records, lines) {
                end += line.count
                guard end <= cut else { break }
                expected.apply(record)
            }
            do {
                let file = try OutboxFile(path: name)
                #expect(try file.restore() == expected, "cut at \(cut)")
                try file.add(message(9))
            }
            #expect(try OutboxFile(path: name).restore() == expected + [message(9)], "cut at \(cut)")
        }
    }

    @Test func aDamagedLineIsLeftOut() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let first = OutboxRecord.added(message(1)).line
        for index in 0..<first.count - 1 {
            var damaged = first
            damaged[index] ^= 0x04
            try Data(damaged + OutboxRecord.added(message(2)).line).write(to: URL(fileURLWithPath: folder + "/damaged"))
            #expect(try OutboxFile(path: folder + "/damaged").restore() == [message(2)], "byte \(index)")
        }
    }

    @Test func theFileIsForItsOwnerOnly() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try OutboxFile(path: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func aSecondProcessGetsItsOwnFile() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try OutboxFile(path: path)
        try first.add(message(1))
        let second = try OutboxFile(path: path)
        #expect(try second.restore() == [])
        #expect(FileManager.default.fileExists(atPath: path + ".2"))
        withExtendedLifetime(first) {}
    }

    @Test func thePlaceOfAMessageIsKept() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let file = try OutboxFile(path: path)
            try file.add(KeptMessage(message: message(1).message, time: 1, place: place))
            try file.add(message(2))
            try file.placed(key: "k2", place, time: 20)
        }
        let restored = try OutboxFile(path: path).restore()
        #expect(restored.map(\.place) == [place, place])
        #expect(restored.map(\.time) == [1, 20])
    }

    @Test func aMessageThatIsAddedAgainIsThereOnce() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let file = try OutboxFile(path: path)
            for number in [1, 2, 1] { try file.add(message(number)) }
        }
        #expect(try OutboxFile(path: path).restore() == [message(2), message(1)])
    }

    @Test func whatOtherProcessesLeftIsTakenOver() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let files = try (1...3).map { _ in try OutboxFile(path: path) }
            for (index, file) in files.enumerated() { try file.add(message(index + 1)) }
        }
        do {
            let file = try OutboxFile(path: path)
            #expect(try file.restore() == (1...3).map { message($0) })
            let other = try OutboxFile(path: path)
            #expect(try other.restore() == [], "what is taken over is nobody else's")
            withExtendedLifetime((file, other)) {}
        }
        #expect(try OutboxFile(path: path).restore() == (1...3).map { message($0) })
    }

    @Test func whatAnotherProcessUsesIsLeftToIt() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let first = try OutboxFile(path: path)
        do {
            let second = try OutboxFile(path: path)
            try second.add(message(2))
            #expect(try first.restore() == [])
            withExtendedLifetime(second) {}
        }
        #expect(try first.restore() == [message(2)])
    }

    /// A process ended after it wrote what it took over, before it emptied the other file.
    @Test func whatWasTakenOverTwiceIsThereOnce() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        do {
            let files = try (1...2).map { _ in try OutboxFile(path: path) }
            for file in files { try file.add(message(1)) }
        }
        #expect(try OutboxFile(path: path).restore() == [message(1)])
    }

    @Test func aFileThatWasReplacedIsNotTakenForTheOneWithItsName() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try OutboxFile(path: path)
        guard let file = try LockedFile.open(path, creates: false) else { throw Unexpected() }
        let wasCurrent = file.isCurrent
        try Data().write(to: URL(fileURLWithPath: path + ".new"))
        rename(path + ".new", path)
        let isCurrent = file.isCurrent
        #expect(wasCurrent)
        #expect(!isCurrent)
    }

    @Test func theFileDoesNotGrowForever() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try OutboxFile(path: path)
        let body = String(repeating: "x", count: 8_000)
        try file.add(message(0))
        for number in 1...400 {
            try file.add(message(number, body: body))
            try file.settled(key: "k\(number)")
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(bytes < 2 * ClientLimits.outboxFileBytesMax)
        let other = try OutboxFile(path: path)
        #expect(FileManager.default.fileExists(atPath: path + ".2"), "the new file is locked as the old one was")
        withExtendedLifetime((file, other)) {}
    }
}
