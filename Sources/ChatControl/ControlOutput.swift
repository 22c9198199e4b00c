import ChatWire
import Foundation

/// What the program prints: tables for people, JSON documents for programs. Text from the network passes the filter.
enum ControlOutput {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func errors(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    static func json(_ document: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(document) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
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

    private static func write(_ text: String, to descriptor: Int32) {
        try? FileHandle(fileDescriptor: descriptor).write(contentsOf: Data(text.utf8))
    }
}
