import Testing

@testable import ChatClient

@Suite struct ChatSurfaceTests {
    @Test(
        arguments: [
            (false, true, true, "xterm-256color", ChatSurface.fullScreen),
            (true, true, true, "xterm-256color", .plain),
            (false, false, true, "xterm-256color", .plain),
            (false, true, false, "xterm-256color", .plain),
            (false, true, true, "dumb", .plain),
            (false, true, true, "", .plain),
            (false, true, true, nil, .plain),
        ] as [(Bool, Bool, Bool, String?, ChatSurface)])
    func theScreenIsDrawnOnlyWhereItCanBe(
        plain: Bool, input: Bool, output: Bool, terminal: String?, surface: ChatSurface
    ) {
        let place = ChatSurface.Place(inputIsTerminal: input, outputIsTerminal: output, terminal: terminal)
        #expect(ChatSurface(plain: plain, place) == surface)
    }
}
