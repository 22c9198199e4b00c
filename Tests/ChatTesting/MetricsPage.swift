/// One look at a process's `/metrics`, Prometheus text format 0.0.4.
public struct MetricsPage: Sendable {
    /// Value by series, labels included, `name{label="value"}`.
    public var series: [String: Double] = [:]

    /// Reads the page; comments and lines that are no sample are passed over.
    public init(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
                continue
            }
            series[String(line[..<space])] = value
        }
    }

    /// The sum over every series of the metric; nil where there is none.
    public subscript(name: String) -> Double? {
        let values = series.filter { $0.key == name || $0.key.hasPrefix(name + "{") }.values
        return values.isEmpty ? nil : values.reduce(0, +)
    }
}
