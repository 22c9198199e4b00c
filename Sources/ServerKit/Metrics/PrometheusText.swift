/// What kind of metric a name is, as its `# TYPE` line says.
enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// The value of a series at a scrape.
enum Sample: Sendable {
    case integer(Int)
    case number(Double)
    /// `cumulative` has one count more than `bounds`: infinity's.
    case histogram(bounds: [Double], cumulative: [Int], sum: Double)

    func adding(_ other: Sample) -> Sample {
        switch (self, other) {
        case (.integer(let a), .integer(let b)): .integer(a &+ b)
        case (.number(let a), .number(let b)): .number(a + b)
        default: self
        }
    }
}

/// A metric's name, and label sets, in the alphabet that Prometheus allows.
struct MetricName: Sendable {
    let text: String

    init(_ name: String) {
        text = Self.cleaned(name)
    }

    /// `{a="1",b="2"}` without the braces, sorted by name, values escaped.
    static func labels(_ labels: [(String, String)]) -> String {
        labels.sorted { $0.0 < $1.0 }.map { "\(cleaned($0.0))=\"\(escaped($0.1))\"" }.joined(separator: ",")
    }

    /// Names are constants of this project or of a library that names with dots; what is not allowed becomes `_`.
    private static func cleaned(_ name: String) -> String {
        let body = String(decoding: name.utf8.map { isNameByte($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        let startsWithDigit = body.utf8.first.map { (0x30...0x39).contains($0) } ?? true
        return startsWithDigit ? "_" + body : body
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\n", with: "\\n").replacing("\"", with: "\\\"")
    }
}

/// Writes the Prometheus text format, version 0.0.4.
/// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private var text = ""

    mutating func begin(family name: String, help: String, kind: MetricKind) {
        let help = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func add(_ sample: Sample, name: String, labels: String) {
        switch sample {
        case .integer(let value): line(name, labels, "\(value)")
        case .number(let value): line(name, labels, Self.number(value))
        case .histogram(let bounds, let cumulative, let sum):
            for (bound, count) in zip(bounds.map(Self.number) + ["+Inf"], cumulative) {
                let le = "le=\"\(bound)\""
                line(name + "_bucket", labels.isEmpty ? le : labels + "," + le, "\(count)")
            }
            line(name + "_sum", labels, Self.number(sum))
            line(name + "_count", labels, "\(cumulative.last ?? 0)")
        }
    }

    func finished() -> String { text }

    private mutating func line(_ name: String, _ labels: String, _ value: String) {
        text += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
    }

    /// A number as Prometheus reads it: `1`, `0.25`, `NaN`, `+Inf`, `-Inf`.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int(exactly: value).map(String.init) ?? "\(value)"
    }
}
