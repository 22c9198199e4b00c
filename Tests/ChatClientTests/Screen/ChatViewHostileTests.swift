import ChatWire
import NIOCore
import TerminalUI
import Testing

@testable import ChatClient

/// Nothing that came from the network gets into a cell unless ``ChatWire/VisibleText`` lets it.
@Suite struct ChatViewHostileTests {
    /// The seed is fixed: a failure says the same each time. The fuzz of the bytes draws new ones.
    @Test(arguments: 0..<4) func harmlessCellsOnly(part: Int) {
        var generator = TestGenerator(seed: UInt64(part))
        for round in 0..<50 {
            var model = hostileModel(round: round, using: &generator)
            for overlay in overlays(using: &generator) {
                model.overlay = overlay
                expectHarmless(ChatView.screen(of: model))
            }
        }
    }

    private func hostileModel(round: Int, using generator: inout TestGenerator) -> ChatModel {
        func text(_ pieces: Int = 12) -> String { HostileText.text(pieces: pieces, using: &generator) }
        var model = ViewSamples.deploy(columns: [110, 72, 60, 30][round % 4], rows: 30)
        model.user = round % 3 == 0 ? text(3) : "ada"
        model.server = text(3)
        model.update(room("deploy")) { room in
            room.topic = text()
            let user = text(3)
            room.members = [ViewSamples.member(user), ViewSamples.member(text(3))]
            room.typing = [user: .distantFuture, text(3): .distantFuture]
            room.files = [ViewSamples.file(text(), 1)]
            for number in 0..<8 {
                room.log.append(
                    ViewSamples.said(
                        11, number, text(3), text(40), delivery: number == 3 ? .refused(text()) : nil,
                        isAction: number % 2 == 0))
            }
            room.log.append(
                LogLine(
                    id: .local(900), time: ViewSamples.time(12, 0),
                    content: .file(ViewSamples.file(text(), 1, text(3), user: text(3)))))
            room.log.append(ViewSamples.told(901, 12, 1, .notice(text())))
            room.log.append(ViewSamples.told(902, 12, 1, .presence(text())))
            room.log.append(ViewSamples.told(903, 12, 1, .local([Span(text())])))
        }
        ViewSamples.add(ViewSamples.joined("dm-evil", kind: .direct(with: text(3))), to: &model)
        if round % 5 == 0 { model.current = room("dm-evil") }
        model.transfers[0] = TransferModel(
            id: 1, isUpload: false, room: room("deploy"), name: text(),
            state: .retrying(at: model.now, reason: text()))
        switch round % 4 {
        case 0: model.connection = .online(node: text(), latencyMilliseconds: 1)
        case 1: model.connection = .offline(reason: text(), retryAt: model.now, attempt: 1, since: model.now)
        case 2: model.connection = .stopped(reason: text())
        default: model.hint = ChatModel.Hint(level: .info, text: text())
        }
        model.editor.set(text())
        model.completion = CompletionState(candidates: [text(), text()], selected: 0, length: 1)
        return model
    }

    private func overlays(using generator: inout TestGenerator) -> [Overlay?] {
        func text() -> String { HostileText.text(pieces: 12, using: &generator) }
        var search = SearchState(query: text(), results: [ViewSamples.said(11, 0, text(), text())], trouble: text())
        search.results.append(ViewSamples.said(11, 1, "a", search.query + text()))
        return [
            nil, .goTo(query: text(), selected: 0), .search(search), .paste(text() + "\n" + text()),
            .question(text(), .leave),
        ]
    }

    private func expectHarmless(_ screen: Screen) {
        let harmful = screen.cells.indices.compactMap { index -> String? in
            guard let cluster = screen.cells[index].cluster, !HostileText.isHarmless(cluster) else { return nil }
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
