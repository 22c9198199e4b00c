@testable import ChatUpload

extension UploadRecord {
    static func sample(bytes: Int?) -> UploadRecord {
        UploadRecord(
            room: "lobby", user: "ann", isGuest: true, name: "notes.txt", bytes: bytes, sha256: nil, created: 1)
    }
}

extension StoredFile {
    static func sample(_ id: UploadID, bytes: Int, sha256: String) -> StoredFile {
        StoredFile(
            id: id.value, room: "lobby", user: "ann", isGuest: true, name: "notes.txt", bytes: bytes, sha256: sha256,
            mediaType: "text/plain", created: 1)
    }
}

extension Writing {
    func write(_ text: String, at offset: Int) throws {
        try Array(text.utf8).withUnsafeBytes { try file.write($0, at: offset) }
    }
}
