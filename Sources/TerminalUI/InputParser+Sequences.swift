// Control sequences (`ESC [`) and single shifts (`ESC O`): the keys that are no characters, the mouse, the focus and
// the answers. xterm's ctlseqs names most of them; rxvt, the Linux console and kitty have their own.

extension InputParser {
    /// A byte of `ESC [ …`. What cannot be part of it was typed: it ends the sequence and is not lost.
    mutating func receivedControl(_ byte: UInt8, alt: Bool) {
        switch byte {
        case UInt8(ascii: "[") where pending.isEmpty: begin(.console)
        case UInt8(ascii: "M") where pending.isEmpty: begin(.oldMouse(left: 3))
        case UInt8(ascii: "$") where !pending.isEmpty && pending.allSatisfy(Self.isDigit):
            // rxvt ends a key with Shift in what is elsewhere the middle of a sequence.
            finishControl(byte, alt: alt)
        case 0x20...0x3f:
            if pending.count < InputLimits.sequenceBytesMax { pending.append(byte) }
        case 0x40...0x7e:
            if pending.count < InputLimits.sequenceBytesMax { finishControl(byte, alt: alt) } else { end() }
        default:
            end()
            receivedTyped(byte, alt: false)
        }
    }

    /// A byte of `ESC O …`.
    mutating func receivedSingle(_ byte: UInt8, alt: Bool) {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: ";"):
            if pending.count < InputLimits.sequenceBytesMax { pending.append(byte) }
        case UInt8(ascii: "a")...UInt8(ascii: "d"):
            // rxvt's arrows with Control.
            finishKey(Self.letterKey(byte - 0x20), [.control], alt: alt)
        case 0x20, 0x40...0x7e:
            let parameters = SequenceParameters(pending)
            let code = parameters.last.map { $0 < 2 ? 1 : $0 } ?? 1
            finishKey(Self.singleKey(byte), SequenceModifiers(code: code), alt: alt)
        default:
            end()
            receivedTyped(byte, alt: false)
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func finishControl(_ final: UInt8, alt: Bool) {
        switch pending.first {
        case UInt8(ascii: "<"):
            if final == UInt8(ascii: "M") || final == UInt8(ascii: "m") {
                finish(mouse(isRelease: final == UInt8(ascii: "m")).map(TerminalEvent.mouse), alt: alt)
            } else {
                end()
            }
        case UInt8(ascii: "?"):
            let parameters = SequenceParameters(pending.dropFirst())
            switch final {
            case UInt8(ascii: "c"): finish(.answer(.attributes(parameters.values)), alt: alt)
            case UInt8(ascii: "R"): finish(cursorAnswer(parameters), alt: alt)
            default: end()
            }
        case UInt8(ascii: "=")?, UInt8(ascii: ">")?: end()
        default: finishPlainControl(final, SequenceParameters(pending), alt: alt)
        }
    }

    private mutating func finishPlainControl(_ final: UInt8, _ parameters: SequenceParameters, alt: Bool) {
        // Bytes of the range of `!` and `$` make another sequence of the same letter.
        guard !pending.contains(where: { (0x20...0x2f).contains($0) }) else { return end() }
        let modifiers = SequenceModifiers(code: parameters[1] ?? 1, event: parameters[1, 1] ?? 1)
        switch final {
        case UInt8(ascii: "I") where pending.isEmpty: finish(.focus(true), alt: alt)
        case UInt8(ascii: "O") where pending.isEmpty: finish(.focus(false), alt: alt)
        case UInt8(ascii: "R") where parameters.values.count == 2 && !isFunctionKey(parameters):
            finish(cursorAnswer(parameters), alt: alt)
        case UInt8(ascii: "u"): finishKey(parameters[0].flatMap { unicodeKey($0, parameters, modifiers) }, alt: alt)
        case UInt8(ascii: "~"): finishTilde(parameters, modifiers, alt: alt)
        case UInt8(ascii: "^"): finishKey(parameters[0].flatMap(Self.tildeKey), [.control], alt: alt)
        case UInt8(ascii: "$"): finishKey(parameters[0].flatMap(Self.tildeKey), [.shift], alt: alt)
        case UInt8(ascii: "@"): finishKey(parameters[0].flatMap(Self.tildeKey), [.control, .shift], alt: alt)
        case UInt8(ascii: "Z"): finishKey(.tab, [.shift], alt: alt)
        case UInt8(ascii: "a")...UInt8(ascii: "d"): finishKey(Self.letterKey(final - 0x20), [.shift], alt: alt)
        default: finishKey(Self.letterKey(final), modifiers, alt: alt)
        }
    }

    private mutating func finishTilde(_ parameters: SequenceParameters, _ modifiers: SequenceModifiers, alt: Bool) {
        switch parameters[0] {
        case 200:
            if alt { events.append(.key(Key(.escape))) }
            begin(.paste)
        case 27?:
            // xterm's modifyOtherKeys: CSI 27 ; modifiers ; character ~.
            finishKey(parameters[2].flatMap { unicodeKey($0, nil, modifiers) }, alt: alt)
        case let number: finishKey(number.flatMap(Self.tildeKey), modifiers, alt: alt)
        }
    }

    /// `CSI 1 ; m R` is F3 with modifiers, and the answer that the cursor is in the first row.
    private func isFunctionKey(_ parameters: SequenceParameters) -> Bool {
        cursorAnswersExpected == 0 && parameters[0] == 1 && (2...16).contains(parameters[1] ?? 0)
    }

    private mutating func cursorAnswer(_ parameters: SequenceParameters) -> TerminalEvent? {
        guard let row = parameters[0], let column = parameters[1] else { return nil }
        cursorAnswersExpected = max(0, cursorAnswersExpected - 1)
        return .answer(.cursor(column: max(0, column - 1), row: max(0, row - 1)))
    }

    /// SGR mouse: CSI < button ; column ; row, and M or m. Buttons beyond the third and sideways wheels are not ours.
    private func mouse(isRelease: Bool) -> Mouse? {
        let parameters = SequenceParameters(pending.dropFirst())
        guard let button = parameters[0], let column = parameters[1], let row = parameters[2] else { return nil }
        let action: Mouse.Action
        // Without 4, 8 and 16, which say Shift, Alt and Control.
        switch button & ~0b1_1100 {
        case 0...2: action = isRelease ? .release : .press(button: button & 3)
        case 32...34: action = .drag
        case 64: action = .wheelUp
        case 65: action = .wheelDown
        default: return nil
        }
        return Mouse(action, column: max(0, column - 1), row: max(0, row - 1))
    }

    // MARK: Results

    /// What is no key: an ESC before it was the Escape key.
    private mutating func finish(_ event: TerminalEvent?, alt: Bool) {
        if alt { events.append(.key(Key(.escape))) }
        end(event)
    }

    private mutating func finishKey(_ code: Key.Code?, _ modifiers: SequenceModifiers, alt: Bool) {
        guard let modifiers = modifiers.ofFunctions else { return end() }
        finishKey(code, modifiers, alt: alt)
    }

    private mutating func finishKey(_ code: Key.Code?, _ modifiers: Key.Modifiers, alt: Bool) {
        finishKey(code.map { Key($0, modifiers) }, alt: alt)
    }

    private mutating func finishKey(_ key: Key?, alt: Bool) {
        guard var key else { return end() }
        if alt { key.modifiers.insert(.alt) }
        end(.key(key))
    }
}

// MARK: Tables

extension InputParser {
    fileprivate static func letterKey(_ final: UInt8) -> Key.Code? {
        switch final {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "P")...UInt8(ascii: "S"): .function(Int(final - UInt8(ascii: "P")) + 1)
        default: nil
        }
    }

    fileprivate static func tildeKey(_ number: Int) -> Key.Code? {
        switch number {
        case 1, 7: .home
        case 2: .insert
        case 3: .delete
        case 4, 8: .end
        case 5: .pageUp
        case 6: .pageDown
        // The numbers of the VT220, which left a hole after each group of keys.
        case 11...15: .function(number - 10)
        case 17...21: .function(number - 11)
        case 23...26: .function(number - 12)
        case 28, 29: .function(number - 13)
        case 31...34: .function(number - 14)
        default: nil
        }
    }

    /// The application keypad.
    fileprivate static func singleKey(_ final: UInt8) -> Key.Code? {
        switch final {
        case UInt8(ascii: " "): .character(" ")
        case UInt8(ascii: "I"): .tab
        case UInt8(ascii: "M"): .enter
        case UInt8(ascii: "X"): .character("=")
        case UInt8(ascii: "j")...UInt8(ascii: "y"): .character(Character(Unicode.Scalar(final - 0x40)))
        default: letterKey(final)
        }
    }

    /// A key by its character: kitty's CSI u, xterm's modifyOtherKeys. Control and Shift are written as ``Key`` has them.
    fileprivate func unicodeKey(
        _ number: Int, _ parameters: SequenceParameters?, _ modifiers: SequenceModifiers
    ) -> Key? {
        guard let held = modifiers.ofCharacters else { return nil }
        if let code = Self.namedKey(number) { return Key(code, held) }
        // Kitty's keys without a character, as the modifiers by themselves, are in the private use area.
        guard number >= 0x20, !(0x7f...0x9f).contains(number), !(0xe000...0xf8ff).contains(number),
            let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init)
        else { return nil }
        let character = Character(scalar)
        if held.contains(.control) { return Key(.character(Self.single(character.lowercased()) ?? character), held) }
        guard held.contains(.shift) else { return Key(.character(character), held) }
        let shifted = parameters?[0, 1].flatMap { UInt32(exactly: $0) }.flatMap(Unicode.Scalar.init).map(Character.init)
        let upper = shifted ?? Self.single(character.uppercased()) ?? character
        return Key(.character(upper), upper == character && !character.isUppercase ? held : held.subtracting(.shift))
    }

    private static func single(_ text: String) -> Character? { text.count == 1 ? text.first : nil }

    private static func namedKey(_ number: Int) -> Key.Code? {
        switch number {
        case 9: .tab
        case 13: .enter
        case 27: .escape
        case 8, 127: .backspace
        case 57376...57398: .function(number - 57363)
        case 57399...57408: .character(Character(Unicode.Scalar(UInt8(number - 57399 + 0x30))))
        case 57409: .character(".")
        case 57410: .character("/")
        case 57411: .character("*")
        case 57412: .character("-")
        case 57413: .character("+")
        case 57414: .enter
        case 57415: .character("=")
        case 57416: .character(",")
        case 57417: .left
        case 57418: .right
        case 57419: .up
        case 57420: .down
        case 57421: .pageUp
        case 57422: .pageDown
        case 57423: .home
        case 57424: .end
        case 57425: .insert
        case 57426: .delete
        default: nil
        }
    }
}

/// The numbers of a sequence: separated by `;`, their parts by `:`.
struct SequenceParameters {
    private var numbers: [[Int?]] = []

    init(_ bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty else { return }
        for parameter in bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let parts = parameter.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            numbers.append(parts.map { Int(String(decoding: $0, as: UTF8.self)).map { max(0, min($0, 0xff_ffff)) } })
        }
    }

    /// Nil where it is missing or empty.
    subscript(index: Int, part: Int = 0) -> Int? {
        guard index < numbers.count, part < numbers[index].count else { return nil }
        return numbers[index][part]
    }

    var last: Int? { numbers.last?.first ?? nil }
    /// Without the parts; an empty one is 0.
    var values: [Int] { numbers.map { ($0.first ?? nil) ?? 0 } }
}

/// The parameter for the modifiers, which is their bits plus 1.
struct SequenceModifiers {
    private let bits: Int
    private let isRelease: Bool

    /// - Parameter event: kitty's: 1 for a press, 2 for a repetition, 3 for a release, which does nothing here.
    init(code: Int, event: Int = 1) {
        bits = max(0, code - 1)
        isRelease = event == 3
    }

    private var common: Key.Modifiers {
        var result: Key.Modifiers = []
        if bits & 1 != 0 { result.insert(.shift) }
        if bits & 2 != 0 { result.insert(.alt) }
        if bits & 4 != 0 { result.insert(.control) }
        return result
    }

    /// Of keys without a character: 8 is Meta, which some keyboards have in place of Alt.
    var ofFunctions: Key.Modifiers? {
        guard !isRelease else { return nil }
        return bits & 8 != 0 ? common.union(.alt) : common
    }

    /// Of characters: 8 and 16 are Super and Hyper. A letter with one of them is not typed text.
    var ofCharacters: Key.Modifiers? {
        guard !isRelease, bits & 0b1_1000 == 0 else { return nil }
        return bits & 32 != 0 ? common.union(.alt) : common
    }
}
