import Foundation
import TerminalUI

/// What can be known of the terminal, and what follows from it.
struct TerminalFacts: Equatable, Sendable {
    var environment: [String: String] = [:]
    var inputIsTerminal = false
    var outputIsTerminal = false
    /// Columns and rows; nil where they cannot be had.
    var size: (columns: Int, rows: Int)?
    /// How far the cursor went for a cluster; empty where the terminal was not asked or did not answer.
    var widths: [(cluster: Character, columns: Int)] = []
    /// It was asked and did not answer in time.
    var isSilent = false

    static func == (left: Self, right: Self) -> Bool { left.findings == right.findings }

    /// Clusters about which terminals disagree.
    static let clusters: [Character] = ["漢", "👍", "e\u{301}", "❤️", "👩‍💻", "🇩🇪"]

    var findings: [Finding] {
        [surface, terminal, colours, sizes, locale, multiplexer, width].compactMap(\.self)
    }

    private var surface: Finding {
        let place = ChatSurface.Place(
            inputIsTerminal: inputIsTerminal, outputIsTerminal: outputIsTerminal, terminal: environment["TERM"])
        return switch ChatSurface(plain: false, place) {
        case .fullScreen: Finding("screen", .ok, "the full screen can be drawn")
        case .plain:
            Finding(
                "screen", .note, "lines only: standard input or output is no terminal, or TERM says it can do no more")
        }
    }

    private var terminal: Finding {
        guard let name = environment["TERM"], !name.isEmpty else {
            return Finding("terminal", .warning, "TERM is not set", remedy: "start termchat in a terminal, or set TERM")
        }
        return Finding("terminal", .ok, name)
    }

    private var colours: Finding {
        if !(environment["NO_COLOR"] ?? "").isEmpty { return Finding("colours", .note, "none, as NO_COLOR asks") }
        let name = environment["TERM"] ?? ""
        if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") || name.hasSuffix("-direct") {
            return Finding("colours", .ok, "true colour")
        }
        if name.contains("256color") {
            return Finding("colours", .ok, "256; true colour where COLORTERM=truecolor is set")
        }
        return Finding("colours", .ok, name.isEmpty || name == "dumb" ? "none" : "16")
    }

    private var sizes: Finding? {
        guard outputIsTerminal else { return nil }
        guard let size else {
            return Finding("size", .warning, "the terminal does not say its size", remedy: "80x24 is assumed")
        }
        guard size.columns < 60 || size.rows < 12 else { return Finding("size", .ok, "\(size.columns)x\(size.rows)") }
        return Finding("size", .note, "\(size.columns)x\(size.rows); panes are shown from 60x12")
    }

    private var locale: Finding {
        let value = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = value.lowercased().replacing("-", with: "")
        if encoding.contains("utf8") { return Finding("locale", .ok, value) }
        return Finding(
            "locale", .warning, value.isEmpty ? "no locale is set" : "\(value) is not UTF-8",
            remedy: "set LANG to one that is, C.UTF-8 for example; termchat writes UTF-8 in any case")
    }

    private var multiplexer: Finding? {
        if environment["TMUX"] != nil {
            return Finding(
                "multiplexer", .note,
                "tmux; for true colour, links and notifications: set -as terminal-features ',*:RGB:hyperlinks' and "
                    + "set -g allow-passthrough on")
        }
        guard environment["STY"] != nil else { return nil }
        return Finding("multiplexer", .note, "screen: no true colour, links or notifications pass it")
    }

    private var width: Finding? {
        if isSilent {
            return Finding("width", .note, "the terminal does not say where its cursor is, so widths are not checked")
        }
        guard !widths.isEmpty else { return nil }
        let others = widths.filter { $0.columns != TextWidth.of($0.cluster) }
        guard !others.isEmpty else {
            return Finding("width", .ok, "as expected for all \(widths.count) clusters tried")
        }
        let list = others.map { "\($0.cluster) is \($0.columns), not \(TextWidth.of($0.cluster))" }
        return Finding("width", .note, "\(list.joined(separator: ", ")); lines with such clusters are placed with care")
    }
}
