import Foundation
import Logging
import Testing

@testable import ServerKit

@Suite struct LoggingTests {
    static let noon = LogTime(seconds: 1_763_942_400, milliseconds: 7)

    /// The lines that `body` logs through a pipe.
    func lines(_ format: LogFormat, level: Logger.Level = .info, _ body: (Logger) -> Void) throws -> String {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        body(
            Logger(label: "edge") {
                LineLogHandler(label: $0, format: format, level: level, output: output, now: { Self.noon })
            })
        #expect(output.droppedLines == 0)
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func textLinesAreKeyValuePairs() throws {
        let text = try lines(.text) { logger in
            var logger = logger
            logger[metadataKey: "node"] = "edge-a~x"
            logger.warning("connection closed", metadata: ["code": "1009", "address": "[::1]:80", "why": "too large"])
        }
        #expect(
            text == "time=2025-11-24T00:00:00.007Z level=warning logger=edge message=\"connection closed\" "
                + "address=[::1]:80 code=1009 node=edge-a~x why=\"too large\"\n")
    }

    @Test func jsonLinesAreObjects() throws {
        let text = try lines(.json) { $0.error("it broke", metadata: ["why": "a \"b\"\n"]) }
        #expect(
            text
                == #"{"time":"2025-11-24T00:00:00.007Z","level":"error","logger":"edge","message":"it broke","why":"a \"b\"\n"}"#
                + "\n")
    }

    @Test func lowerLevelsAreNotWritten() throws {
        #expect(try lines(.text) { $0.debug("unseen") } == "")
        #expect(try lines(.text, level: .debug) { $0.debug("seen") }.contains("level=debug"))
    }

    static let hostile = "\u{1b}]0;x\u{7}\r\nlevel=error message=forged \u{202e}\u{200b}\u{9b}1m\u{2028}\u{0}\u{85}é界👩‍👩"

    @Test(arguments: LogFormat.allCases)
    func whatAStrangerWroteStaysOnItsLineAndOffTheTerminal(format: LogFormat) throws {
        let text = try lines(format) { $0.info("refused", metadata: ["user": "\(Self.hostile)"]) }
        #expect(text.filter(\.isNewline).count == 1 && text.hasSuffix("\n"))
        for scalar in text.dropLast().unicodeScalars {
            #expect(
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory))
        }
        #expect(text.contains("é界"))
        if format == .json {
            let object = try JSONDecoder().decode([String: String].self, from: Data(text.utf8))
            #expect(object["user"] == Self.hostile)
        }
    }

    @Test(arguments: LogFormat.allCases)
    func aLineIsBoundedAndStaysWellFormed(format: LogFormat) throws {
        let text = try lines(format) { logger in
            var metadata: Logger.Metadata = [:]
            for index in 0..<200 { metadata["key\(index)"] = "\(String(repeating: "\u{1}", count: 5000))" }
            logger.info("large", metadata: metadata)
            logger.info("small", metadata: ["long": "\(String(repeating: "ä", count: 5000))"])
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.utf8.count < LogLine.bytesMax })
        #expect(lines[0].contains(format == .json ? #""cut":"true""# : " cut=true"))
        #expect(!lines[1].contains("cut") && lines[1].contains("ä…"))
        if format == .json {
            for line in lines { _ = try JSONDecoder().decode([String: String].self, from: Data(line.utf8)) }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aReaderThatStopsReadingStopsNobody() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let line = String(repeating: "x", count: 999) + "\n"
        var written = 0
        while output.droppedLines == 0 {
            output.write(line)
            written += 1
        }
        #expect(written > 10)
        for _ in 0..<100 { output.write(line) }
        #expect(output.droppedLines == 101)
        // Whole lines only: what was taken can be read, and there is room again.
        let taken = pipe.fileHandleForReading.readData(ofLength: (written - 1) * line.utf8.count)
        #expect(taken.count == (written - 1) * line.utf8.count)
        output.write("again\n")
        #expect(output.droppedLines == 101)
        #expect(pipe.fileHandleForReading.availableData == Data("again\n".utf8))
    }

    @Test func aReaderThatWentAwayStopsNobody() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        try pipe.fileHandleForReading.close()
        output.write("unread\n")
        #expect(output.droppedLines == 1)
    }
}
