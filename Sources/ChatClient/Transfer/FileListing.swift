import ChatWire
import Foundation
import NIOCore
import NIOHTTP1

/// A file of a room, as the server lists it.
struct ListedFile: Sendable, Equatable, Decodable {
    var id: String
    var name: String
    var bytes: Int64
    /// 64 lower-case hex digits.
    var sha256: String
    var media_type: String?
    var user: String?

    /// Whether it can go into a path and a header as it is.
    var isValid: Bool {
        (1...64).contains(id.utf8.count) && id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) } && bytes >= 0
            && sha256.utf8.count == 64 && sha256.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}

/// Finds a file in a room's list.
struct FileListing: Sendable {
    let server: FileServer
    let room: RoomName
    let patience: TimeAmount

    private struct Page: Decodable {
        var files: [ListedFile]
        /// There are older ones.
        var more: Bool?
    }

    /// The file with the id, or the newest with the name.
    /// - Throws: ``TransferFailure``; ``CommandFailure`` where there is none.
    func find(_ text: String) async throws -> ListedFile {
        var before: String?
        var named: ListedFile?
        for _ in 0..<TransferLimits.pagesMax {
            let page = try await page(before: before)
            for file in page.files where file.isValid {
                if file.id == text { return file }
                if named == nil, file.name == text { named = file }
            }
            guard named == nil, page.more != false, let last = page.files.last, last.isValid, last.id != before else {
                break
            }
            before = last.id
        }
        if let named { return named }
        throw CommandFailure(.failed, "There is no file '\(VisibleText(text).value)' in \(room).")
    }

    /// The newest files of the room, at most so many.
    /// - Throws: ``TransferFailure``.
    func newest(limit: Int) async throws -> [FileLine] {
        try await page(before: nil).files.filter(\.isValid).prefix(limit).map { file in
            FileLine(
                id: file.id, name: file.name, bytes: Int(clamping: file.bytes), mediaType: file.media_type ?? "",
                sha256: file.sha256, user: file.user ?? "", key: file.id)
        }
    }

    private func page(before: String?) async throws -> Page {
        var path = "/api/rooms/\(room)/files?limit=\(TransferLimits.pageFiles)"
        if let before { path += "&before=\(before)" }
        let answer = try await Exchange(server, server.head(.GET, path), patience: patience).answer()
        guard answer.status == 200 else { throw TransferFailure(answer) }
        do {
            return try answer.decode(Page.self)
        } catch {
            throw TransferFailure(.stop(.failed), "The server's list of files cannot be read.")
        }
    }
}
