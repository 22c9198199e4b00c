import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Nothing that came from the network gets into a cell unless ``ChatWire/VisibleText`` lets it.
@Suite struct ChatViewHostileTests {
    /// The seed is fixed: a failure says the same each time. The fuzz of the bytes draws new ones.
    @Test(arguments: 0..<4) func harmlessCellsOnly(part: Int) {
        var texts = HostileTexts(seed: UInt64(part))
        for round in 0..<50 {
            var model = HostileModels.model(round: round, using: &texts)
            for overlay in HostileModels.overlays(using: &texts) {
                model.overlay = overlay
                expectHarmless(ChatView.screen(of: model))
            }
        }
    }

    private func expectHarmless(_ screen: Screen) {
        let cells = screen.cells
        let harmful = cells.indices.compactMap { index -> String? in
            guard let cluster = cells[index].cluster, !HostileText.isHarmless(cluster) else { return nil }
            let scalars = cluster.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
            return "\(scalars) at \(index % screen.columns),\(index / screen.columns) of \(screen.columns)"
        }
        #expect(harmful == [])
        for link in screen.links {
            #expect(link.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "\(link)")
        }
    }
}

/// A random sequence that a seed repeats (SplitMix64).
struct TestGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
