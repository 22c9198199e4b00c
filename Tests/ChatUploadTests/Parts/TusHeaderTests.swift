import Crypto
import Foundation
import Testing

@testable import ChatUpload

@Suite("Headers of tus")
struct TusHeaderTests {
    private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    @Test func metadataIsPairsOfKeysAndTexts() throws {
        let header = "filename \(base64("Größe.txt")), room \(base64("lobby")),is_draft,empty "
        let metadata = try UploadMetadata(header)
        #expect(metadata.values == ["filename": "Größe.txt", "room": "lobby", "is_draft": "", "empty": ""])
        #expect(metadata["room"] == "lobby" && metadata["other"] == nil)
        #expect(try UploadMetadata(nil).values.isEmpty)
        #expect(try UploadMetadata("  ").values.isEmpty)
    }

    @Test(arguments: [
        "filename YQ==,filename Yg==", "a YQ==,", ",", "a YQ= =", "a !!", "a /w==", "ä YQ==", "a YQ== YQ==", "a YQ",
    ])
    func metadataOfAnotherFormIsRefused(header: String) {
        #expect { try UploadMetadata(header) } throws: { ($0 as? InputError)?.kind == .malformed }
    }

    @Test func metadataIsBounded() throws {
        let name = base64(String(repeating: "太", count: 10_000 / 3))
        #expect { try UploadMetadata("filename \(name)") } throws: { ($0 as? InputError)?.kind == .tooLarge }
        let pairs = (0...UploadMetadata.pairsMax).map { "k\($0) YQ==" }.joined(separator: ",")
        #expect { try UploadMetadata(pairs) } throws: { ($0 as? InputError)?.kind == .tooLarge }
        let key = String(repeating: "k", count: UploadMetadata.keyBytesMax + 1)
        #expect { try UploadMetadata(key) } throws: { ($0 as? InputError)?.kind == .malformed }
    }

    @Test func aCreationHasALengthOrPutsItOff() throws {
        #expect(try TusHeaders.creationLength(length: "0", deferLength: nil) == .known(0))
        #expect(try TusHeaders.creationLength(length: " 9223372036854775807 ", deferLength: nil) == .known(.max))
        #expect(try TusHeaders.creationLength(length: nil, deferLength: "1") == .deferred)
        for (length, deferLength) in [(nil, nil), ("1", "1"), (nil, "0"), (nil, "2")] as [(String?, String?)] {
            #expect(throws: InputError.self) {
                try TusHeaders.creationLength(length: length, deferLength: deferLength)
            }
        }
    }

    @Test(arguments: ["", "-1", "+1", "1.0", "0x1", "9223372036854775808", "1 2", "１"])
    func aNumberOfBytesIsDigitsThatFit(text: String) {
        #expect(throws: InputError.self) { try TusHeaders.length(text) }
        #expect(throws: InputError.self) { try TusHeaders.offset(text) }
    }

    @Test func offsetsAndVersions() throws {
        #expect(try TusHeaders.offset("42") == 42)
        #expect(throws: InputError.self) { try TusHeaders.offset(nil) }
        #expect(TusHeaders.isSupported(version: "1.0.0") && TusHeaders.isSupported(version: " 1.0.0"))
        #expect(!TusHeaders.isSupported(version: nil) && !TusHeaders.isSupported(version: "0.2.2"))
        #expect(TusHeaders.checksumAlgorithms == "sha256,sha1")
    }

    @Test(arguments: UploadChecksum.Algorithm.allCases)
    func aChecksumTellsOtherBytes(algorithm: UploadChecksum.Algorithm) throws {
        let bytes = Data("hello world".utf8)
        let digest =
            switch algorithm {
            case .sha256: Data(SHA256.hash(data: bytes))
            case .sha1: Data(Insecure.SHA1.hash(data: bytes))
            }
        let checksum = try UploadChecksum("\(algorithm.rawValue) \(digest.base64EncodedString())")
        var check = UploadChecksum.Check(checksum)
        bytes.prefix(5).withUnsafeBytes { check.update($0) }
        #expect(!check.isMatch())
        bytes.dropFirst(5).withUnsafeBytes { check.update($0) }
        #expect(check.isMatch())
    }

    @Test(arguments: ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha1", "sha1 YQ==", "sha256 !!", "", "sha1 a b"])
    func aChecksumOfAnotherFormIsRefused(header: String) {
        #expect(throws: InputError.self) { try UploadChecksum(header) }
    }

    @Test(
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] as [(Int64, String)])
    func datesAreWrittenAsHTTPDoes(seconds: Int64, text: String) {
        #expect(HTTPDate(unixSeconds: seconds).description == text)
    }

    @Test func everyDayHasItsDate() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for day in stride(from: Int64(0), to: 80_000, by: 13) {
            let seconds = day * 86_400 + day % 86_400
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(HTTPDate(unixSeconds: seconds).description == expected)
        }
    }
}
