import NIOHTTP1

/// What an answer to a download means for the part that is here.
enum DownloadPlan: Sendable, Equatable {
    /// Its bytes follow those that are here.
    case append
    /// It is the whole file.
    case beginAnew
    /// The server has no such range: what is here is of no use.
    case dropPart
    case fail(TransferFailure)

    /// - Parameter have: the bytes that are here; the request asked for those behind them.
    static func following(_ answer: TransferAnswer, have: Int64, of file: ListedFile) -> DownloadPlan {
        switch answer.status {
        case 200, 206:
            guard answer.sha256 == file.sha256.lowercased() else {
                return .fail(TransferFailure(.stop(.failed), "The file at the server is another one now."))
            }
            if answer.status == 200 { return .beginAnew }
            guard answer.headers.first(name: "Content-Range") == "bytes \(have)-\(file.bytes - 1)/\(file.bytes)" else {
                return .fail(TransferFailure(.stop(.failed), "The server sent another part than was asked for."))
            }
            return .append
        case 416 where have > 0:
            return .dropPart
        default:
            return .fail(TransferFailure(answer))
        }
    }
}
