import Testing

@testable import ChatUpload

@Suite("The type of a file")
struct MediaTypeTests {
    @Test(
        arguments: [
            ("\u{89}PNG\r\n\u{1a}\n....", .png), ("\u{ff}\u{d8}\u{ff}\u{e0}", .jpeg), ("GIF89a..", .gif),
            ("GIF87a", .gif),
            ("RIFF....WEBPVP8 ", .webp), ("RIFF....WAVEfmt ", .wav), ("RIFF\0...AVI ", .other), ("%PDF-1.7", .pdf),
            ("PK\u{3}\u{4}", .zip), ("\u{1f}\u{8b}\u{8}", .gzip), ("\0\0\0\u{18}ftypmp42", .mp4),
            ("\0\0\0\u{18}ftypqt  ", .quickTime),
            ("\0\0\0\u{18}ftypavif", .avif), ("\0\0\0\u{18}ftypM4A ", .m4a),
            ("\u{1a}\u{45}\u{df}\u{a3}\u{9f}\u{42}\u{82}\u{84}webm", .webm),
            ("\u{1a}\u{45}\u{df}\u{a3}....matroska", .matroska),
            ("OggS\0\u{2}", .ogg), ("ID3\u{3}", .mp3), ("\u{ff}\u{fb}\u{90}\u{64}", .mp3), ("\u{ff}\u{fe}a\0", .other),
            ("\0\u{1}\u{2}", .other), ("", .other), ("\u{1b}[31m", .other), ("#!/bin/sh\n", .text), ("a,b\r\n", .text),
            ("\u{ff}abc", .other),
        ] as [(String, MediaType)])
    func isToldFromItsBytes(latin1: String, type: MediaType) {
        #expect(MediaType(sniffing: latin1.unicodeScalars.map { UInt8($0.value) }) == type)
    }

    @Test(
        arguments: [
            ("<!DOCTYPE html><p>", .html), (" \n<HTML>", .html), ("<script>alert(1)</script>", .html),
            ("<!-- x -->", .html),
            ("<b>x</b>", .html), ("<img src=x onerror=alert(1)>", .html), ("\u{feff}<html>", .html), ("<p", .html),
            ("<?xml version=\"1.0\"?><html xmlns='http://www.w3.org/1999/xhtml'>", .html),
            ("<svg xmlns=\"http://www.w3.org/2000/svg\">", .svg), ("<?xml version=\"1.0\"?>\n<!-- c --><SVG>", .svg),
            ("<!DOCTYPE svg PUBLIC \"x\"><svg>", .svg), ("<?xml version=\"1.0\"?><feed>", .xml),
            ("<proto>", .text), ("a < b", .text), ("<3", .text), ("Grüße 太郎\n", .text),
        ] as [(String, MediaType)])
    func markupIsCalledMarkup(text: String, type: MediaType) {
        #expect(MediaType(sniffing: text.utf8) == type)
        #expect(!MediaType(sniffing: text.utf8).isInline)
    }

    @Test func aCharacterThatTheSampleCutsIsText() {
        for shift in 0..<4 {
            let text = String(repeating: "x", count: shift) + String(repeating: "👍", count: 200)
            #expect(MediaType(sniffing: text.utf8) == .text)
        }
        #expect(MediaType(sniffing: Array("a👍".utf8).dropLast()) == .other)
    }

    @Test func onlyPicturesOfPixelsAreInline() {
        #expect(MediaType.allCases.filter(\.isInline) == [.png, .jpeg, .gif, .webp])
    }
}
