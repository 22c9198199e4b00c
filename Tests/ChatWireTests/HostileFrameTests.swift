import ChatWire
import Foundation
import NIOCore
import Testing

/// Bytes that no well-behaved peer sends: cut, changed and made up.
struct HostileFrameTests {
    private static let frames =
        Vectors.client.map(\.1) + [
            #"{"type":"send","room":"lobby","key":"k","x":{"a":[1.5e-3,true,false,null,"\ud83d\ude00"]},"body":"é太😀\n"}"#
        ]
    private static let serverFrames = Vectors.server.map(\.1)

    @Test func aFrameCutAnywhereIsAnError() {
        for bytes in Self.frames.map({ Array($0.utf8) }) {
            for length in bytes.indices { #expect(refusal(Array(bytes[..<length]))?.code == .invalidFrame) }
        }
        for bytes in Self.serverFrames.map({ Array($0.utf8) }) {
            for length in bytes.indices {
                #expect(throws: WireError.self) { try ServerFrame.decode(frame(Array(bytes[..<length]))) }
            }
        }
    }

    /// What the scanner accepts, Foundation must be able to read: a parser that nobody here wrote. It refuses half a
    /// surrogate pair in an unknown member, which the grammar allows, so texts with such escapes are left out.
    @Test func changedFramesAreReadAsJSONSaysOrRefused() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = Self.changed(Self.frames, using: &generator)
            let mayHoldHalfAPair = String(decoding: bytes, as: UTF8.self).lowercased().contains(#"\ud"#)
            guard refusal(bytes) == nil, !mayHoldHalfAPair else { continue }
            accepted += 1
            #expect(
                (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any],
                "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(accepted > 100)
    }

    @Test func whatAFrameBecomesIsReadBackTheSame() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let bytes = Self.changed(Self.frames, using: &generator)
            guard let value = try? ClientFrame.decode(frame(bytes)) else { continue }
            #expect(try ClientFrame.decode(value.encode()) == value, "seed \(seed)")
        }
    }

    @Test func changedServerFramesNeverStopAClient() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let bytes = Self.changed(Self.serverFrames, using: &generator)
            guard let value = try? ServerFrame.decode(frame(bytes)) else { continue }
            var again = ByteBuffer()
            value.encode(into: &again)
            #expect(try ServerFrame.decode(again) == value, "seed \(seed): \(String(buffer: again))")
        }
    }

    /// One to three changes of one of `texts`: bytes replaced, removed, doubled, or a piece of another put in.
    private static func changed(_ texts: [String], using generator: inout some RandomNumberGenerator) -> [UInt8] {
        let interesting = Array("{}[]\",:\\u0/-+eE.\n\u{7f}\u{1}\u{80}é😀".utf8) + [0xff, 0xc0, 0xed, 0xa0]
        var bytes = Array(texts.randomElement(using: &generator)?.utf8 ?? "".utf8)
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let index = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[index] = interesting.randomElement(using: &generator) ?? 0
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(bytes[index], at: index)
            case 3: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            default:
                let other = Array(texts.randomElement(using: &generator)?.utf8 ?? "".utf8)
                let start = Int.random(in: other.indices, using: &generator)
                bytes.insert(contentsOf: other[start..<min(start + 12, other.count)], at: index)
            }
        }
        return bytes
    }
}
