import TerminalUI
import Testing

@testable import ChatClient

/// What `chafa` says, as lines of a log.
@Suite struct PicturePreviewTests {
    @Test func coloursBecomeStyles() {
        let text = "\u{1b}[0m\u{1b}[38;5;9;48;5;4mab\u{1b}[38;5;300mc\u{1b}[2Kd\u{1b}[7me\u{1b}[mf\u{1b}[0m\nplain"
        let blue = Style(.indexed(9), on: .indexed(4))
        #expect(
            PicturePreview.spans(text) == [
                [Span("ab", blue), Span("c", blue), Span("d", blue), Span("e", blue.with(.reverse)), Span("f")],
                [Span("plain")],
            ])
    }

    /// A log drops blanks at the end of a line.
    @Test func blanksOfAColourAreDrawnAsBlocksOfIt() {
        let text = "\u{1b}[48;5;4m  a \u{1b}[7m \u{1b}[0m \n\u{1b}[38;5;9;7m \u{1b}[0m"
        let blue = Style(on: .indexed(4))
        let block = Style(.indexed(4))
        #expect(
            PicturePreview.spans(text) == [
                [Span("██", block), Span("a", blue), Span("█", block), Span(" ", blue.with(.reverse)), Span(" ")],
                [Span("█", Style(.indexed(9)))],
            ])
    }

    @Test func aWholePictureComesIntoTheLog() {
        var chat = ModelFixture()
        for line in PicturePreview.spans("\u{1b}[48;5;4m    \u{1b}[0m\n\u{1b}[48;5;5m    \u{1b}[0m") {
            chat.send(.answered(line))
        }
        let screen = ChatView.screen(of: chat.model)
        #expect(screen.text.count { $0.contains("████") } == 2)
    }

    @Test func terminalsWithLessGetLess() {
        var preview = PicturePreview(columns: 20, rows: 5)
        #expect(preview.options.contains("256"))
        (preview.hasColors, preview.isASCII) = (false, true)
        #expect(preview.options.contains("none") && preview.options.contains("--fg-only"))
    }
}
