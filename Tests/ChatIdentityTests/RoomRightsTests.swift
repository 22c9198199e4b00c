import ChatIdentity
import ChatWire
import Testing

@Suite struct RoomRightsTests {
    func glob(_ text: String) throws -> RoomGlob { try #require(RoomGlob(text)) }

    @Test(arguments: [
        ("*", "lobby", true), ("lobby", "lobby", true), ("lobby", "lobby2", false), ("lobby", "lobb", false),
        ("ops-*", "ops-", true), ("ops-*", "ops", false), ("*-ops", "a-b-ops", true), ("*-ops", "ops", false),
        ("a?c", "abc", true), ("a?c", "ac", false), ("?", "a", true), ("?", "ab", false), ("a*b*c", "aXbYbZc", true),
        ("a**c", "ac", true), ("OPS-*", "ops-1", true), ("a.c", "abc", false), ("*?", "a", true), ("*a", "aaab", false),
        ("lob*by", "lobby", true), ("a*a", "a", false),
    ])
    func patternsMatchWholeNames(pattern: String, room: String, matches: Bool) throws {
        #expect(try glob(pattern).matches(RoomName(room)) == matches)
    }

    @Test(arguments: [
        "", "a b", "a/b", "[ab]", "é", "a\n", "a\u{0}", "{a,b}", "!a", String(repeating: "a", count: 130),
    ])
    func whatIsNoPatternIsRefused(text: String) {
        #expect(RoomGlob(text) == nil)
    }

    @Test func writingImpliesReading() throws {
        let rights = RoomRights(read: [try glob("pub-*")], write: [try glob("ops-*")])
        let (ops, open, other) = (try RoomName("ops-1"), try RoomName("pub-1"), try RoomName("lobby"))
        #expect(rights.allows(.write, ops) && rights.allows(.read, ops))
        #expect(!rights.allows(.write, open) && rights.allows(.read, open))
        #expect(!rights.allows(.write, other) && !rights.allows(.read, other))
    }

    @Test func guestsMayEverything() throws {
        let guest = Identity.guest(try UserName("ann"))
        #expect(guest.isGuest && guest.expiresAt == nil)
        #expect(try RoomRights.Action.allCases.allSatisfy { guest.rights.allows($0, try RoomName("lobby")) })
    }

    /// Plain recursion: slow where patterns are hostile, right by its shape.
    func matchesNaively(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matchesNaively(pattern.dropFirst(), name)
                || (!name.isEmpty && matchesNaively(pattern, name.dropFirst()))
        }
        guard let character = name.first, first == "?" || first == character else { return false }
        return matchesNaively(pattern.dropFirst(), name.dropFirst())
    }

    @Test func randomPatternsMatchAsTheNaiveMatcherSays() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var hits = 0
        for _ in 0..<20_000 {
            let pattern = String(
                (0..<Int.random(in: 1...8, using: &random)).map { _ in "ab*?".randomElement(using: &random) ?? "a" })
            let name = String(
                (0..<Int.random(in: 1...8, using: &random)).map { _ in "ab".randomElement(using: &random) ?? "a" })
            let expected = matchesNaively(pattern[...], name[...])
            let found = try glob(pattern).matches(RoomName(name))
            #expect(found == expected, "\(pattern) against \(name), seed \(seed)")
            if expected { hits += 1 }
        }
        #expect(hits > 1000)
    }

    @Test(.timeLimit(.minutes(1))) func aHostilePatternIsNotSlow() throws {
        let pattern = try glob(String(repeating: "a*", count: 60) + "b")
        let name = try RoomName(String(repeating: "a", count: 64))
        for _ in 0..<10_000 { #expect(!pattern.matches(name)) }
    }
}
