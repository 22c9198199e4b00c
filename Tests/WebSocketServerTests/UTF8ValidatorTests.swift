import Testing

@testable import WebSocketServer

@Suite struct UTF8ValidatorTests {
    /// Whether the bytes pass when they come in two pieces.
    private func isValid(_ bytes: [UInt8], split: Int) -> Bool {
        var validator = UTF8Validator()
        for part in [bytes[..<split], bytes[split...]] {
            guard Array(part).withUnsafeBytes({ validator.consume($0) }) else { return false }
        }
        return validator.isComplete
    }

    @Test(arguments: [
        [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x80], [0xFF], [0xE2, 0x82], [0xE2, 0x28, 0xA1],
    ])
    func refusesWhatIsNotUTF8(_ wrong: [UInt8]) {
        let bytes = Array("ten ascii ".utf8) + wrong
        for split in 0...bytes.count { #expect(!isValid(bytes, split: split)) }
    }

    @Test(arguments: [
        "", "plain", "κόσμε", "日本語のテキスト", "\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}", "eight by eight é",
    ])
    func acceptsTextSplitAnywhere(_ text: String) {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count { #expect(isValid(bytes, split: split)) }
    }

    @Test func agreesWithTheStandardLibraryOnRandomBytes() {
        var random = SeededGenerator.fresh()
        let leads: [UInt8] = [0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE1, 0xED, 0xF0, 0xF1, 0xF4, 0xF5]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in leads.randomElement(using: &random) ?? 0
            }
            let expected = String(validating: bytes, as: UTF8.self) != nil
            let split = Int.random(in: 0...bytes.count, using: &random)
            #expect(isValid(bytes, split: split) == expected, "seed \(random.seed), \(bytes)")
        }
    }

    @Test func failsAtTheFirstImpossibleByte() {
        var validator = UTF8Validator()
        let isPossible = (Array("κ".utf8) + [0xF4]).withUnsafeBytes { validator.consume($0) }
        let isImpossible = [UInt8(0x90)].withUnsafeBytes { validator.consume($0) }
        #expect(isPossible)
        #expect(!isImpossible)
    }
}

/// A random sequence that its seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    static func fresh() -> SeededGenerator { SeededGenerator(seed: .random(in: 0...UInt64.max)) }

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
