import ChatWire
import NIOCore
import TerminalUI

@testable import ChatClient

/// Models of a chat in which everything that others choose means harm.
enum HostileModels {
    static func model(round: Int, using texts: inout HostileTexts) -> ChatModel {
        func text(_ pieces: Int = 12) -> String { texts.next(pieces) }
        var model = ViewSamples.deploy(columns: [110, 72, 60, 30][round % 4], rows: 30)
        model.user = round % 3 == 0 ? text(3) : "ada"
        model.server = text(3)
        model.update(room("deploy")) { room in
            room.topic = text()
            let user = text(3)
            room.members = [ViewSamples.member(user), ViewSamples.member(text(3))]
            room.typing = [user: .distantFuture]
            // Two texts may be the same one.
            room.typing[text(3)] = .distantFuture
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

    static func overlays(using texts: inout HostileTexts) -> [Overlay?] {
        func text() -> String { texts.next(12) }
        var search = SearchState(query: text(), results: [ViewSamples.said(11, 0, text(), text())], trouble: text())
        search.results.append(ViewSamples.said(11, 1, "a", search.query + text()))
        return [
            nil, .goTo(query: text(), selected: nil), .search(search), .paste(text() + "\n" + text()),
            .question(text(), .leave),
        ]
    }
}
