/// Reads what a terminal sends: keys, pastes, the mouse, and answers to questions.
///
/// A value: bytes in, events out, and the same events however the bytes are cut. It takes what xterm, VT, rxvt, PuTTY,
/// the Linux console, tmux, screen and kitty send; what it does not know, it eats, so that no terminal's answer is ever
/// taken for typing. Each scalar is a key of its own, also those that join what was typed before:
/// ``LineEditor/insert(_:)`` makes clusters of them.
///
/// The driver reads while there is something to read. When there is not for about 50 ms and ``isWaiting`` is true, it
/// calls ``timedOut()``, and again after each further 50 ms, because only time tells Escape from Alt and a slow line
/// from a broken sequence.
public struct InputParser: Sendable {
    /// Set by the driver for each DSR 6 that it sends, because the answer from row 0 reads like F3 with a modifier.
    /// Each ``TerminalAnswer/cursor(column:row:)`` takes one off.
    public var cursorAnswersExpected = 0

    /// What was begun and is not complete.
    enum State: Sendable {
        case ground
        /// The beginning of a scalar in UTF-8.
        case scalar(alt: Bool)
        /// ESC; `twice` where two came, the first of them either Escape or Alt.
        case escape(twice: Bool)
        /// `ESC [` and its parameters.
        case control(alt: Bool)
        /// `ESC [ [`, with which the Linux console begins F1 to F5.
        case console
        /// `ESC O` and its parameters.
        case single(alt: Bool)
        /// The three bytes after `ESC [ M`: where the old mouse protocol says the mouse is. They may have any value.
        case oldMouse(left: Int)
        /// `ESC ]` and its like, up to BEL or `ESC \`.
        case string(introducer: UInt8, sawEscape: Bool)
        /// Between `ESC [ 200 ~` and `ESC [ 201 ~`.
        case paste
    }

    var state = State.ground
    /// The bytes of the state.
    var pending: [UInt8] = []
    /// Bytes of the string so far, also those that are not kept.
    var stringBytes = 0
    /// Timeouts since the last byte.
    var quiet = 0
    var events: [TerminalEvent] = []

    public init() {}

    /// Whether something was begun that ``timedOut()`` would complete or give up. The beginning of a letter is nothing
    /// of that kind: it waits for the rest as long as it takes.
    public var isWaiting: Bool {
        switch state {
        case .ground, .scalar: false
        case .escape, .control, .console, .single, .oldMouse, .string: true
        case .paste: quiet < InputLimits.quietTimeouts
        }
    }

    /// - Returns: what is complete with these bytes.
    public mutating func parse(_ bytes: [UInt8]) -> [TerminalEvent] {
        for byte in bytes {
            received(byte)
            quiet = 0
        }
        return take()
    }

    /// Nothing came for a while. What a person may have typed is taken for that at once: ESC for Escape, `ESC [` for
    /// Alt-[. The middle of a sequence or of a paste is waited for a second.
    public mutating func timedOut() -> [TerminalEvent] {
        quiet += 1
        switch state {
        case .ground, .scalar: break
        case .escape(let twice):
            if twice { events.append(.key(Key(.escape))) }
            end(.key(Key(.escape)))
        case .control(let alt) where pending.isEmpty: endTyped("[", afterEscape: alt)
        case .single(let alt) where pending.isEmpty: endTyped("O", afterEscape: alt)
        case .string(let introducer, false) where stringBytes == 0:
            end(.key(.alt(Character(Unicode.Scalar(introducer)))))
        case .control, .single, .console, .oldMouse, .string:
            if quiet >= InputLimits.quietTimeouts { end() }
        case .paste:
            if quiet >= InputLimits.quietTimeouts { deliverPaste() }
        }
        return take()
    }

    private mutating func endTyped(_ character: Character, afterEscape: Bool) {
        if afterEscape { events.append(.key(Key(.escape))) }
        end(.key(.alt(character)))
    }

    private mutating func take() -> [TerminalEvent] {
        defer { events = [] }
        return events
    }

    /// Back to the ground, with what the bytes have come to.
    mutating func end(_ result: TerminalEvent? = nil) {
        state = .ground
        pending.removeAll(keepingCapacity: pending.capacity <= InputLimits.sequenceBytesMax)
        if let result { events.append(result) }
    }

    mutating func begin(_ next: State) {
        end()
        stringBytes = 0
        state = next
    }

    private mutating func received(_ byte: UInt8) {
        switch state {
        case .ground: receivedTyped(byte, alt: false)
        case .scalar(let alt): receivedScalar(byte, alt: alt)
        case .escape(let twice): receivedEscaped(byte, twice: twice)
        case .control(let alt): receivedControl(byte, alt: alt)
        case .console:
            let keys = Array("ABCDE".utf8)
            end(keys.firstIndex(of: byte).map { .key(Key(.function($0 + 1))) })
        case .single(let alt): receivedSingle(byte, alt: alt)
        case .oldMouse(let left):
            if left > 1 { state = .oldMouse(left: left - 1) } else { end() }
        case .string(let introducer, let sawEscape):
            receivedString(byte, introducer: introducer, sawEscape: sawEscape)
        case .paste: receivedPasted(byte)
        }
    }
}

// MARK: Typing

extension InputParser {
    /// A byte that begins something, on its own or after ESC as the Alt key sends it.
    mutating func receivedTyped(_ byte: UInt8, alt: Bool) {
        let modifiers: Key.Modifiers = alt ? .alt : []
        switch byte {
        case 0x1b: begin(.escape(twice: false))
        case 0x00: end(.key(Key(.character(" "), modifiers.union(.control))))
        case 0x08, 0x7f: end(.key(Key(.backspace, modifiers)))
        case 0x09: end(.key(Key(.tab, modifiers)))
        case 0x0d: end(.key(Key(.enter, modifiers)))
        case 0x01...0x1a: end(.key(Key(Self.letter(byte | 0x60), modifiers.union(.control))))
        case 0x1c...0x1f: end(.key(Key(Self.letter(byte | 0x40), modifiers.union(.control))))
        case 0x20..<0x7f: end(.key(Key(Self.letter(byte), modifiers)))
        case 0xc2...0xf4:
            begin(.scalar(alt: alt))
            pending.append(byte)
        default: end(.key(Key(.character("\u{FFFD}"), modifiers)))
        }
    }

    private static func letter(_ byte: UInt8) -> Key.Code { .character(Character(Unicode.Scalar(byte))) }

    /// Ill-formed UTF-8 becomes one U+FFFD for each maximal subpart (Unicode 3.9, table 3-7), and the byte that broke
    /// it begins anew.
    private mutating func receivedScalar(_ byte: UInt8, alt: Bool) {
        guard Self.continues(pending, with: byte) else {
            end(.key(Key(.character("\u{FFFD}"), alt ? .alt : [])))
            return receivedTyped(byte, alt: false)
        }
        pending.append(byte)
        let length = pending[0] < 0xe0 ? 2 : pending[0] < 0xf0 ? 3 : 4
        guard pending.count == length else { return }
        let character = Character(String(decoding: pending, as: UTF8.self))
        end(.key(Key(.character(character), alt ? .alt : [])))
    }

    private static func continues(_ begun: [UInt8], with byte: UInt8) -> Bool {
        guard begun.count == 1 else { return (0x80...0xbf).contains(byte) }
        switch begun[0] {
        case 0xe0: return (0xa0...0xbf).contains(byte)
        case 0xed: return (0x80...0x9f).contains(byte)
        case 0xf0: return (0x90...0xbf).contains(byte)
        case 0xf4: return (0x80...0x8f).contains(byte)
        default: return (0x80...0xbf).contains(byte)
        }
    }

    /// The byte after ESC. Where a key sends a sequence of its own, rxvt sends one more ESC for Alt.
    mutating func receivedEscaped(_ byte: UInt8, twice: Bool) {
        switch byte {
        case 0x1b:
            if twice { events.append(.key(Key(.escape))) }
            state = .escape(twice: true)
        case UInt8(ascii: "["): begin(.control(alt: twice))
        case UInt8(ascii: "O"): begin(.single(alt: twice))
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "_"), UInt8(ascii: "^"), UInt8(ascii: "X"):
            if twice { events.append(.key(Key(.escape))) }
            begin(.string(introducer: byte, sawEscape: false))
        default:
            if twice { events.append(.key(Key(.escape))) }
            receivedTyped(byte, alt: true)
        }
    }
}

// MARK: Pastes

extension InputParser {
    private static let pasteBegin = Array("\u{1B}[200~".utf8)
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    private mutating func receivedPasted(_ byte: UInt8) {
        // A terminal that never ends its paste must not lock the keyboard: after a second of quiet, Ctrl-C ends it.
        if byte == 3, quiet >= InputLimits.quietTimeouts {
            if !pending.isEmpty { deliverPaste(isEnd: true) }
            return end(.key(.control("c")))
        }
        pending.append(byte)
        if byte == UInt8(ascii: "~") {
            if pending.hasSuffix(Self.pasteEnd) {
                pending.removeLast(Self.pasteEnd.count)
                deliverPaste(isEnd: true)
                return end()
            }
            // A paste of a recorded paste: its marks are none of the text.
            if pending.hasSuffix(Self.pasteBegin) { pending.removeLast(Self.pasteBegin.count) }
        }
        if pending.count >= InputLimits.pasteBytesMax { deliverPaste() }
    }

    /// Hands over what came of the paste. At its end also if that is nothing, because programs react to an empty paste;
    /// before, what may be the beginning of a scalar, of CR LF or of the end mark stays for the next piece.
    private mutating func deliverPaste(isEnd: Bool = false) {
        let kept = isEnd ? 0 : Self.incompleteTail(pending)
        let piece = pending.dropLast(kept)
        guard isEnd || !piece.isEmpty else { return }
        events.append(.paste(Self.text(ofPaste: piece)))
        pending = Array(pending.suffix(kept))
    }

    private static func incompleteTail(_ bytes: [UInt8]) -> Int {
        if bytes.last == 0x0d { return 1 }
        for length in stride(from: min(bytes.count, pasteEnd.count - 1), to: 0, by: -1) {
            let tail = Array(bytes.suffix(length))
            if tail == Array(pasteEnd.prefix(length)) || tail == Array(pasteBegin.prefix(length)) { return length }
        }
        for length in 1...3 where length <= bytes.count {
            let byte = bytes[bytes.count - length]
            if byte >= 0xc2 { return length < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? length : 0 }
            if byte < 0x80 { return 0 }
        }
        return 0
    }

    /// Terminals send CR for the newlines of what is pasted.
    private static func text(ofPaste bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0d {
                result.append(0x0a)
            } else if byte != 0x0a || previous != 0x0d {
                result.append(byte)
            }
            previous = byte
        }
        return String(decoding: result, as: UTF8.self)
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ end: [UInt8]) -> Bool { suffix(end.count).elementsEqual(end) }
}
