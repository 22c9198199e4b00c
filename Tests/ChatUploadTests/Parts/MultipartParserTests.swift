import ChatTesting
import NIOCore
import Testing

@testable import ChatUpload

@Suite("A multipart body")
struct MultipartParserTests {
    /// What writers of the format send: Go through a pipe, curl, requests, a browser, a mail program's padding.
    static let bodies: [(boundary: String, body: String, parts: [(name: String, file: String?, text: String)])] = [
        (
            "b0undary",
            "--b0undary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"go.bin\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n\r\n--b0undar\r\n-\r\n--b0undary0\r\r\n"
                + "\r\n--b0undary\r\nContent-Disposition: form-data; name=\"room_key\"\r\n\r\nlobby\r\n--b0undary--\r\n",
            [("file", "go.bin", "\r\n--b0undar\r\n-\r\n--b0undary0\r\r\n"), ("room_key", nil, "lobby")]
        ),
        (
            "------------------------d74496d66958873e",
            "--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"room_key\"\r\n\r\n"
                + "lobby\r\n--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"file\"; "
                + "filename=\"curl.txt\"\r\nContent-Type: text/plain\r\n\r\n---\r\n----\r\n-----------------\r\n\r\n"
                + "--------------------------d74496d66958873e--\r\n",
            [("room_key", nil, "lobby"), ("file", "curl.txt", "---\r\n----\r\n-----------------\r\n")]
        ),
        (
            "e",
            "preamble\r\n--e  \t\r\ncontent-disposition:form-data;name=file;filename=plain.txt\r\nX: y\r\n\r\n\r\n--e\r\n"
                + "Content-Disposition: form-data; name=\"empty\"\r\n\r\n--e--  \r\nepilogue\r\n--e\r\n",
            [("file", "plain.txt", ""), ("empty", nil, "")]
        ),
        ("none", "--none--", []),
        (
            "a.b", "\r\n--a.b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n\r\r\r\n\r\n--a.b--",
            [("n", nil, "\r\r\r\n")]
        ),
    ]

    @Test(arguments: 0..<bodies.count) func isReadAlikeWhereverItIsCut(index: Int) throws {
        let (boundary, body, expected) = Self.bodies[index]
        let bytes = Array(body.utf8)
        let whole = try Multipart.read([bytes], boundary: boundary)
        #expect(whole.map(\.header.name) == expected.map(\.name))
        #expect(whole.map(\.header.fileName) == expected.map(\.file))
        #expect(whole.map(\.text) == expected.map(\.text))
        for cut in 0...bytes.count {
            let parts = try Multipart.read([Array(bytes[..<cut]), Array(bytes[cut...])], boundary: boundary)
            #expect(parts == whole, "cut at \(cut)")
        }
        #expect(try Multipart.read(bytes.map { [$0] }, boundary: boundary) == whole, "byte by byte")
    }

    @Test(arguments: 0..<bodies.count) func isRefusedWhereItEndsTooEarly(index: Int) throws {
        let (boundary, body, _) = Self.bodies[index]
        let bytes = Array(body.utf8)
        let marker = Array("--\(boundary)--".utf8)
        let last = try #require(bytes.indices.last { bytes[$0...].starts(with: marker) })
        for count in 0..<last + marker.count {
            #expect(throws: InputError.self, "\(count) bytes") {
                try Multipart.read([Array(bytes[..<count])], boundary: boundary)
            }
        }
        #expect(throws: Never.self) { try Multipart.read([Array(bytes[..<(last + marker.count)])], boundary: boundary) }
    }

    /// Random data made of what delimiters are made of, cut at random, against a model that searches the whole.
    @Test func givesOutTheBytesThatWereWritten() throws {
        var generator = SeededGenerator(seed: .random(in: .min ... .max))
        for _ in 0..<3000 {
            let boundary = ["a", "-", "--", "aab", "-\("a-")b", "a-b:c"].randomElement(using: &generator) ?? "a"
            let pieces = ["\r", "\n", "-", "\r\n", "--", "a", "b", "\r\n--", "\r\n--\(boundary.dropLast())", "x"]
            var data: [[UInt8]] = []
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let count = Int.random(in: 0...12, using: &generator)
                let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
                // The model's only rule: a delimiter does not stand in the data, nor begin it.
                let isClean = ("\r\n" + text).utf8.firstRange(of: "\r\n--\(boundary)".utf8) == nil
                data.append(isClean ? Array(text.utf8) : [])
            }
            var body: [UInt8] = []
            for bytes in data {
                body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=f; filename=g\r\n\r\n".utf8)
                body += bytes + Array("\r\n".utf8)
            }
            body += Array("--\(boundary)--\r\n".utf8)
            var chunks: [[UInt8]] = []
            while !body.isEmpty {
                let count = min(body.count, Int.random(in: 0...(boundary.count + 9), using: &generator))
                chunks.append(Array(body.prefix(count)))
                body.removeFirst(count)
            }
            let parts = try Multipart.read(chunks, boundary: boundary)
            #expect(parts.map(\.bytes) == data, "seed \(generator.seed), boundary \(boundary)")
        }
    }

    /// One byte of a good body changed at random: refused or read, never more than was sent.
    @Test func survivesWhatIsBroken() {
        var generator = SeededGenerator(seed: .random(in: .min ... .max))
        for _ in 0..<1000 {
            let sample = Self.bodies.randomElement(using: &generator) ?? Self.bodies[0]
            var bytes = Array(sample.body.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.insert(contentsOf: bytes[at...].prefix(20), at: at)
                default: bytes.removeSubrange(at...)
                }
                if bytes.isEmpty { break }
            }
            let whole = Result(catching: { try Multipart.read([bytes], boundary: sample.boundary) })
            let pieces = Result(catching: { try Multipart.read(bytes.map { [$0] }, boundary: sample.boundary) })
            switch (whole, pieces) {
            case (.success(let one), .success(let other)): #expect(one == other, "seed \(generator.seed)")
            case (.failure(let one as InputError), .failure(let other as InputError)):
                #expect(one == other, "seed \(generator.seed)")
            default: Issue.record("seed \(generator.seed): \(whole) in one, \(pieces) in pieces")
            }
        }
    }

    @Test func aBoundaryThatIsLongerThanItsOwnIsData() throws {
        let data = "x\r\n--\(Multipart.boundary)X\r\n\r\n--\(Multipart.boundary)\u{1}"
        #expect(try Multipart.read(Multipart.body(data: data)).map(\.text) == [data])
    }

    @Test func aPartThatBeginsWithWhatIsNearlyABoundary() throws {
        let data = "--\(Multipart.boundary)X"
        #expect(try Multipart.read(Multipart.body(data: data)).map(\.text) == [data])
    }

    @Test(arguments: ["-", "-x", "--x", " x", "\n", "--\n", "\rx", "--\rx"])
    func aBoundaryLineThatGoesOnOtherwiseIsRefused(tail: String) {
        let body = Multipart.body(data: "a\r\n--\(Multipart.boundary)\(tail)")
        #expect(Multipart.refusal(body)?.kind == .malformed)
    }

    @Test func linesThatEndWithLineFeedAloneAreRefused() {
        #expect(Multipart.refusal(Multipart.body().replacing("\r\n", with: "\n"))?.kind == .malformed)
        #expect(Multipart.refusal(Multipart.body(more: "A: b\n"))?.kind == .malformed)
        #expect(Multipart.refusal(Multipart.body(more: "A: b\rC: d\r\n"))?.kind == .malformed)
    }

    @Test(arguments: [
        "X: y", "attachment; name=\"file\"", "form-data", "form-data; filename=\"x\"", "form-data; name=\"\"",
        "form-data; name=\"a\"; name=\"b\"", "form-data; name=\"a", "form-data; name", "form-data name=\"a\"",
        "form-data; name=\"a\"; filename*=UTF-8''%ff", "form-data; name=\"a\"; filename*=UTF-8''%4",
        "form-data; name=\"a\"; filename*=latin-1''a", "form-data; name=\"a\"\u{0}", "form-data; name=\"a\u{7f}\"",
        "", "\r\n name=\"folded\"",
    ])
    func aPartWithoutAClearNameIsRefused(disposition: String) {
        #expect(Multipart.refusal(Multipart.body(disposition: disposition))?.kind == .malformed)
    }

    @Test func headersThatStandTwiceAreRefused() {
        let twice = "Content-Disposition: form-data; name=\"other\"\r\n"
        #expect(Multipart.refusal(Multipart.body(more: twice))?.kind == .malformed)
        let types = "Content-Type: text/plain\r\ncontent-type: text/html\r\n"
        #expect(Multipart.refusal(Multipart.body(more: types))?.kind == .malformed)
    }

    @Test(arguments: [
        "Content-Type: multipart/mixed; boundary=x\r\n", "Content-Type: Multipart/Form-Data\r\n",
        "Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n",
    ])
    func whatWouldHaveToBeTakenApartIsRefused(more: String) {
        #expect(Multipart.refusal(Multipart.body(more: more))?.kind == .unsupported)
    }

    @Test func aHeaderOfNoPartIsEndless() {
        let line = "X: \(String(repeating: "y", count: MultipartHeader.bytesMax))\r\n"
        #expect(Multipart.refusal(Multipart.body(more: line))?.kind == .tooLarge)
        let lines = String(repeating: "X: y\r\n", count: MultipartHeader.linesMax)
        #expect(Multipart.refusal(Multipart.body(more: lines))?.kind == .tooLarge)
        let most = String(repeating: "X: y\r\n", count: MultipartHeader.linesMax - 1)
        #expect(Multipart.refusal(Multipart.body(more: most)) == nil)
    }

    @Test func aFieldIsShortAndAFileMayBeLong() {
        let data = String(repeating: "d", count: MultipartParser.fieldBytesMax)
        let field = "form-data; name=\"room_key\""
        #expect(Multipart.refusal(Multipart.body(disposition: field, data: data)) == nil)
        #expect(Multipart.refusal(Multipart.body(disposition: field, data: data + "d"))?.kind == .tooLarge)
        #expect(Multipart.refusal(Multipart.body(data: data + "d")) == nil)
    }

    @Test func thereAreNoMorePartsThanAllowed() {
        let part = "--\(Multipart.boundary)\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n"
        let end = "--\(Multipart.boundary)--"
        #expect(Multipart.refusal(String(repeating: part, count: MultipartParser.partsMax) + end) == nil)
        let refusal = Multipart.refusal(String(repeating: part, count: MultipartParser.partsMax + 1) + end)
        #expect(refusal?.kind == .tooLarge)
    }

    @Test func whatStandsAroundThePartsIsBounded() {
        let most = String(repeating: "p", count: MultipartParser.surroundingBytesMax - 2)
        #expect(Multipart.refusal("\(most)\r\n" + Multipart.body() + most) == nil)
        #expect(Multipart.refusal("\(most)ppp\r\n" + Multipart.body())?.kind == .tooLarge)
        #expect(Multipart.refusal(Multipart.body() + most + "ppp")?.kind == .tooLarge)
        let padding = String(repeating: " ", count: MultipartParser.paddingBytesMax + 1)
        #expect(Multipart.refusal("--\(Multipart.boundary)\(padding)\r\n")?.kind == .malformed)
    }

    @Test func nothingComesAfterAnError() throws {
        var parser = MultipartParser(try MultipartBoundary("b".utf8))
        parser.received(ByteBuffer(string: "--b\r\n\r\n"))
        #expect(throws: InputError.malformed("a part has no Content-Disposition")) { try parser.next() }
        parser.receivedEnd()
        #expect(throws: InputError.malformed("a part has no Content-Disposition")) { try parser.next() }
    }

    @Test(arguments: [
        (#"filename="plain.txt""#, "plain.txt"),
        (#"filename="a %22quoted%22 %0d%0A name%41.txt""#, "a \"quoted\" \r\n name%41.txt"),
        (#"filename="back\\slash \"q\" C:\dir\n.txt""#, #"back\slash "q" C:\dir\n.txt"#),
        (#"filename="semi;colon=1""#, "semi;colon=1"),
        (#"FileName = "Größe – 太郎.txt""#, "Größe – 太郎.txt"),
        (#"filename=token.txt"#, "token.txt"),
        (#"filename="ascii.txt"; filename*=utf-8'en'%e2%82%ac%20rates.txt"#, "€ rates.txt"),
        (#"filename="""#, ""),
    ])
    func fileNamesComeAsTheirSendersWroteThem(parameter: String, name: String) throws {
        let parts = try Multipart.read(Multipart.body(disposition: "form-data; name=\"file\"; \(parameter)"))
        #expect(parts.map(\.header.fileName) == [name])
    }

    @Test func aBoundaryIsChecked() throws {
        #expect(try MultipartBoundary(contentType: "multipart/form-data; boundary=abc").bytes == Array("abc".utf8))
        #expect(
            try MultipartBoundary(contentType: #"Multipart/Form-Data; charset=x; Boundary="a b:c""#).bytes
                == Array("a b:c".utf8))
        for type in ["multipart/mixed; boundary=a", "application/json", nil] {
            #expect(throws: InputError.unsupported("send multipart/form-data")) {
                try MultipartBoundary(contentType: type)
            }
        }
        let long = String(repeating: "b", count: MultipartBoundary.bytesMax)
        #expect(throws: Never.self) { try MultipartBoundary(contentType: "multipart/form-data; boundary=\(long)") }
        for value in ["", "\"\"", long + "b", "\"a \"", "a\r\nb", "ä", "a[b", "a; boundary=b"] {
            #expect(throws: InputError.self, "\(value)") {
                try MultipartBoundary(contentType: "multipart/form-data; boundary=\(value)")
            }
        }
        #expect(throws: InputError.self) { try MultipartBoundary(contentType: "multipart/form-data") }
    }
}
