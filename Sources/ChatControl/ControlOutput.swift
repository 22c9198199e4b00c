import ArgumentParser
import ChatWire
import Foundation
import ServerKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the program prints: tables for people, JSON documents for programs. Text from the network passes a filter.
enum ControlOutput {
    /// - Throws: where stdout does not take it: `ExitCode` 0 where its reader has gone, which has all it wanted, else
    ///   ``ProcessFailure``.
    static func line(_ text: String) throws {
        let error = write(text + "\n", to: STDOUT_FILENO)
        switch error {
        case 0: return
        case EPIPE: throw ExitCode.success
        default:
            throw ProcessFailure(.failed, "stdout cannot be written (\(String(cString: strerror(error)))).")
        }
    }

    /// Where stderr does not take it, nobody is left to be told.
    static func errors(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

    /// Whether stdout is a pipe or a socket whose reader has gone; a program that waits for news finds out by this alone.
    static var readerHasGone: Bool {
        var request = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return poll(&request, 1, 0) == 1 && request.revents & Int16(POLLERR) != 0
    }

    static func json(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else { return "{}" }
        return escaped(json: String(decoding: data, as: UTF8.self))
    }

    /// JSON with everything that a terminal may obey written as `\u…`: the same document for a program.
    static func escaped(json: String) -> String {
        guard !json.utf8.allSatisfy({ (0x20..<0x7f).contains($0) }) else { return json }
        var escaped = String.UnicodeScalarView()
        for scalar in json.unicodeScalars {
            guard scalar.mayBeObeyed else {
                escaped.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                escaped.append(
                    contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
            }
        }
        return String(escaped)
    }

    /// Columns under their headings, two spaces apart.
    static func table(_ headings: [String], _ rows: [[String]]) -> String {
        let shown = ([headings] + rows).map { $0.map { visible($0) } }
        let widths = headings.indices.map { column in shown.map { $0[column].count }.max() ?? 0 }
        return shown.map { row in
            var line = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    static func visible(_ text: String) -> String { VisibleText(text).value }

    /// A time of Redis' clock as people read it, local.
    static func time(_ milliseconds: UInt64) -> String {
        let formatter = DateFormatter()
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        return formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
    }

    /// - Returns: 0, or the error's number.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { bytes = bytes.dropFirst(count) } else if count == 0 || errno != EINTR { return errno }
        }
        return 0
    }

    private static func systemWrite(_ descriptor: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(descriptor, base, count)
        #else
        Musl.write(descriptor, base, count)
        #endif
    }
}

extension Unicode.Scalar {
    /// Not only a picture on the screen: controls, bidirectional and other format characters, what nobody sees.
    fileprivate var mayBeObeyed: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: true
        default: properties.isDefaultIgnorableCodePoint
        }
    }
}
