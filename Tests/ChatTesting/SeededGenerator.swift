import Foundation

/// A random sequence that a seed repeats (SplitMix64), so that a failing run can be run again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// A sequence of its own, whose seed is printed; `TERMCHAT_TEST_SEED` repeats one.
    public static func fresh() -> SeededGenerator {
        let given = ProcessInfo.processInfo.environment["TERMCHAT_TEST_SEED"].flatMap { UInt64($0) }
        let generator = SeededGenerator(seed: given ?? .random(in: .min ... .max))
        print("seed \(generator.seed)")
        return generator
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
