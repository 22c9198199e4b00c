import ChatWire
import Testing

@testable import ChatUpload

@Suite("Content-Disposition")
struct ContentDispositionTests {
    @Test(arguments: [
        ("report.pdf", #"attachment; filename="report.pdf""#),
        ("a b;c.txt", #"attachment; filename="a b;c.txt""#),
        ("€ rates.txt", #"attachment; filename="_ rates.txt"; filename*=UTF-8''%E2%82%AC%20rates.txt"#),
        (
            #"say "hi" 100%.txt"#,
            #"attachment; filename="say _hi_ 100_.txt"; filename*=UTF-8''say%20%22hi%22%20100%25.txt"#
        ),
        ("太郎", "attachment; filename=\"__\"; filename*=UTF-8''%E5%A4%AA%E9%83%8E"),
        ("it's*.txt", #"attachment; filename="it's*.txt""#),
        ("ö'*.txt", "attachment; filename=\"_'*.txt\"; filename*=UTF-8''%C3%B6%27%2A.txt"),
    ])
    func isWrittenForOldAndNewClients(name: String, header: String) {
        #expect(ContentDisposition(kind: .attachment, name: FileName(name)).description == header)
    }
}
