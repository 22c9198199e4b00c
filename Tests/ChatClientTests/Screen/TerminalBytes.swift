/// Bytes on their way to a terminal, read as a terminal would: which sequences they hold, and whether the text between
/// them is harmless. What is not on the list is a complaint, so a sequence that got in with a text is one.
struct TerminalBytes {
    private(set) var complaints: [String] = []
    /// Allowed control characters.
    private let controls: Set<Unicode.Scalar>
    /// Allowed sequences behind `ESC`, numbers left out: `[m`, `[?h`.
    private let sequences: Set<String>
    /// Whether `ESC ]` may come: for each number what its text may hold.
    private let strings: Set<String>

    /// What ``TerminalUI/Renderer`` uses.
    static let screen = TerminalBytes(
        controls: ["\r", "\n", "\u{8}"],
        sequences: ["M", "[m", "[H", "[G", "[A", "[B", "[C", "[K", "[X", "[@", "[J", "[r", "[M", "[L", "[?h", "[?l"],
        strings: ["8"])
    /// What lines in colour use, and the line that is rewritten.
    static let lines = TerminalBytes(controls: ["\r", "\n"], sequences: ["[m", "[K"], strings: [])
    /// Titles and notifications.
    static let strings = TerminalBytes(controls: [], sequences: [], strings: ["2", "9", "777"])

    private init(controls: Set<Unicode.Scalar>, sequences: Set<String>, strings: Set<String>) {
        self.controls = controls
        self.sequences = sequences
        self.strings = strings
    }

    mutating func read(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return complaints.append("no UTF-8") }
        let scalars = Array(text.unicodeScalars)
        var index = 0
        var run = String.UnicodeScalarView()
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            guard scalar.value < 0x20 || (0x7f..<0xa0).contains(scalar.value) else {
                run.append(scalar)
                continue
            }
            judge(&run)
            if scalar == "\u{1b}" {
                escape(scalars, &index)
            } else if !controls.contains(scalar) {
                complaints.append("control \(scalar.value)")
            }
        }
        judge(&run)
    }

    private mutating func judge(_ run: inout String.UnicodeScalarView) {
        // ASCII needs no look, and is most of it.
        if !run.allSatisfy(\.isASCII) {
            for cluster in String(run) where !HostileText.isHarmless(cluster) {
                complaints.append("cluster \(cluster.unicodeScalars.map { String($0.value, radix: 16) })")
            }
        }
        run = String.UnicodeScalarView()
    }

    private mutating func escape(_ scalars: [Unicode.Scalar], _ index: inout Int) {
        guard index < scalars.count else { return complaints.append("cut sequence") }
        let first = scalars[index]
        index += 1
        switch first {
        case "[": control(scalars, &index)
        case "]": string(scalars, &index)
        default: expect(String(Character(first)))
        }
    }

    private mutating func control(_ scalars: [Unicode.Scalar], _ index: inout Int) {
        var shape = "["
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if ("0"..."9").contains(scalar) || scalar == ";" { continue }
            shape.unicodeScalars.append(scalar)
            if ("@"..."~").contains(scalar) { return expect(shape) }
        }
        complaints.append("cut sequence")
    }

    private mutating func string(_ scalars: [Unicode.Scalar], _ index: inout Int) {
        var body = String.UnicodeScalarView()
        while index + 1 < scalars.count, scalars[index] != "\u{1b}" {
            body.append(scalars[index])
            index += 1
        }
        guard index + 1 < scalars.count, scalars[index + 1] == "\\" else { return complaints.append("cut string") }
        index += 2
        let number = body.prefix { $0 != ";" }
        if !strings.contains(String(number)) { complaints.append("OSC \(String(number))") }
        if let control = body.first(where: { $0.value < 0x20 || (0x7f..<0xa0).contains($0.value) }) {
            complaints.append("control \(control.value) in a string")
        }
        judge(&body)
    }

    private mutating func expect(_ shape: String) {
        if !sequences.contains(shape) { complaints.append("ESC \(shape)") }
    }
}
