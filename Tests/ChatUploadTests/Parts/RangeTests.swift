import Testing

@testable import ChatUpload

@Suite("Ranges and conditions of a download")
struct RangeTests {
    @Test(
        arguments: [
            ("bytes=0-0", .part(0..<1)), ("bytes=0-99", .part(0..<100)), ("bytes=10-19", .part(10..<20)),
            ("bytes=99-", .part(99..<100)), ("bytes=0-", .part(0..<100)), ("bytes=50-1000", .part(50..<100)),
            ("bytes=-1", .part(99..<100)), ("bytes=-100", .part(0..<100)), ("bytes=-1000", .part(0..<100)),
            ("Bytes = 1-2 ", .part(1..<3)),
            ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=9223372036854775807-", .unsatisfiable),
            ("bytes=0-99999999999999999999", .part(0..<100)), ("bytes=1-9223372036854775807", .part(1..<100)),
            ("bytes=-99999999999999999999", .part(0..<100)),
            ("bytes=0-1,5-6", .whole), ("bytes=0-1,", .whole), ("bytes=5-4", .whole), ("bytes=-", .whole),
            ("bytes=", .whole), ("bytes", .whole), ("", .whole), ("lines=1-2", .whole), ("bytes=a-b", .whole),
            ("bytes=1-2-3", .whole), ("bytes=+1-2", .whole), ("bytes=1 - 2", .whole), ("bytes=--1", .whole),
        ] as [(String, ByteRange)])
    func ofAHundredBytes(header: String, range: ByteRange) {
        #expect(ByteRange.requested(header, size: 100) == range)
    }

    @Test func ofNothing() {
        #expect(ByteRange.requested(nil, size: 0) == .whole)
        #expect(ByteRange.requested("bytes=0-", size: 0) == .unsatisfiable)
        #expect(ByteRange.requested("bytes=-5", size: 0) == .unsatisfiable)
        #expect(ByteRange.requested("bytes=0-0", size: .max) == .part(0..<1))
    }

    @Test func isSaidInTheAnswer() {
        #expect(ByteRange.whole.contentRange(size: 10) == nil)
        #expect(ByteRange.part(2..<5).contentRange(size: 10) == "bytes 2-4/10")
        #expect(ByteRange.unsatisfiable.contentRange(size: 10) == "bytes */10")
    }

    static let tag = EntityTag(strong: "abc,1")

    @Test(arguments: [
        (#""abc,1""#, true), (#""x", "abc,1""#, true), (#"W/"abc,1""#, true), ("*", true), (#" "x" ,, "abc,1" "#, true),
        (#""abc""#, false), ("abc,1", false), (#""x" "abc,1""#, false), ("", false), (#"w/"abc,1""#, false),
    ])
    func ifNoneMatchComparesWeakly(header: String, isMatch: Bool) {
        let conditions = Conditionals(ifNoneMatch: header)
        #expect(conditions.outcome(for: Self.tag, isRead: true) == (isMatch ? .notModified : .proceed))
        #expect(conditions.outcome(for: Self.tag, isRead: false) == (isMatch ? .failed : .proceed))
    }

    @Test(arguments: [
        (#""abc,1""#, true), ("*", true), (#"W/"abc,1""#, false), (#""x""#, false), ("nonsense", false), ("", false),
    ])
    func ifMatchComparesStrongly(header: String, isMatch: Bool) {
        let conditions = Conditionals(ifMatch: header)
        #expect(conditions.outcome(for: Self.tag, isRead: false) == (isMatch ? .proceed : .failed))
    }

    @Test func ifMatchIsLookedAtFirst() {
        let conditions = Conditionals(ifMatch: #""x""#, ifNoneMatch: #""abc,1""#)
        #expect(conditions.outcome(for: Self.tag, isRead: true) == .failed)
        #expect(Conditionals().outcome(for: Self.tag, isRead: true) == .proceed)
    }

    @Test func anEndlessListOfTagsIsNotRead() {
        let list = Array(repeating: #""x""#, count: EntityTagCondition.tagsMax + 1).joined(separator: ",")
        #expect(EntityTagCondition(list) == nil)
    }

    @Test(
        arguments: [
            (nil, true), (#""abc,1""#, true), (#"W/"abc,1""#, false), (#""x""#, false), ("*", false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", false), (#""abc,1", "x""#, false),
        ] as [(String?, Bool)])
    func ifRangeWantsTheVeryContent(header: String?, isAllowed: Bool) {
        #expect(Conditionals(ifRange: header).allowsRange(of: Self.tag) == isAllowed)
    }

    @Test func aTagIsWrittenAsItIsRead() {
        for text in [#""abc""#, #"W/"abc""#, #""""#] { #expect(EntityTag(text)?.description == text) }
        for text in [#""a"b"#, #""a b""#, "abc", #""abc"#, "\"a\u{1}\""] { #expect(EntityTag(text) == nil) }
    }
}
