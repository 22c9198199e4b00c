import ChatWire
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1

/// Fetches one file of a room, goes on where it was cut, and checks what it got.
struct DownloadRun: Sendable {
    let server: FileServer
    let room: RoomName
    let display: ProgressDisplay
    let patience: TimeAmount

    /// - Parameter text: a file's id or its name.
    /// - Returns: where it is saved.
    /// - Throws: ``CommandFailure``; `CancellationError`, with the part kept.
    func run(_ text: String, output: String?) async throws -> SavedFile {
        var plan = RetryPlan(patience: patience, now: .now())
        let listing = FileListing(server: server, room: room, patience: patience)
        let file = try await retrying(&plan) { try await listing.find(text) }
        let destination = try DestinationFile(file, output: output)
        try await destination.restore(total: file.bytes)
        await display.begin(file.name, total: file.bytes)
        await display.moved(to: destination.bytes, isResumption: true)
        while destination.bytes < file.bytes {
            try await retrying(&plan, destination) { try await fetch(file, into: destination) }
        }
        guard destination.sha256 == file.sha256.lowercased() else {
            destination.remove()
            throw CommandFailure(.failed, "What arrived is not the file that was sent; it was thrown away. Try again.")
        }
        let path = try await destination.finish()
        await display.end()
        return SavedFile(file_id: file.id, path: path, size: file.bytes, sha256: file.sha256)
    }

    private func retrying<Value: Sendable>(
        _ plan: inout RetryPlan, _ destination: DestinationFile? = nil, _ body: () async throws -> Value
    ) async throws -> Value {
        while true {
            let before = destination?.bytes ?? 0
            do {
                return try await body()
            } catch let failure as TransferFailure {
                guard case .retry(let notBefore) = failure.remedy else { throw failure.ending }
                await display.note(VisibleText(failure.message).value)
                if let destination, destination.bytes > before { plan.progressed(at: .now()) }
                let delay = plan.delay(notBefore: notBefore, at: .now(), random: .random(in: 0..<1))
                guard let delay else { throw failure.ending }
                try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
            }
        }
    }

    private func fetch(_ file: ListedFile, into destination: DestinationFile) async throws {
        let have = destination.bytes
        var headers: HTTPHeaders = [:]
        if have > 0 { headers = ["Range": "bytes=\(have)-", "If-Range": "\"\(file.sha256.lowercased())\""] }
        let writer = BatchWriter(destination: destination, display: display, total: file.bytes)
        do {
            _ = try await Exchange(server, server.head(.GET, "/api/files/\(file.id)", headers), patience: patience)
                .run { answer in
                    switch DownloadPlan.following(answer, have: have, of: file) {
                    case .append:
                        break
                    case .beginAnew:
                        if have > 0 { try await destination.clear() }
                    case .dropPart:
                        try await destination.clear()
                        throw TransferFailure(.retry(notBefore: nil), "The part on the disk is of no use.")
                    case .fail(let failure):
                        throw failure
                    }
                    return { piece in try await writer.write(piece) }
                }
            try await writer.flush()
        } catch {
            // What came is kept, whatever ended it.
            try? await writer.flush()
            throw error
        }
        guard destination.bytes == file.bytes else {
            throw TransferFailure(.retry(notBefore: nil), "The server ended early.")
        }
    }
}

/// What is said about a file that was saved.
struct SavedFile: Encodable, Sendable {
    var file_id: String
    var path: String
    var size: Int64
    var sha256: String
}

/// Joins what the socket gives to batches for the disk.
private actor BatchWriter {
    private let destination: DestinationFile
    private let display: ProgressDisplay
    private let total: Int64
    private var batch = ByteBuffer()

    init(destination: DestinationFile, display: ProgressDisplay, total: Int64) {
        self.destination = destination
        self.display = display
        self.total = total
    }

    func write(_ piece: ByteBuffer) async throws {
        guard destination.bytes + Int64(batch.readableBytes + piece.readableBytes) <= total else {
            throw TransferFailure(.stop(.failed), "The server sends more than the file.")
        }
        batch.writeImmutableBuffer(piece)
        if batch.readableBytes >= TransferLimits.batchBytes { try await flush() }
    }

    func flush() async throws {
        guard batch.readableBytes > 0 else { return }
        let full = batch
        batch = ByteBuffer()
        try await destination.append(full)
        await display.moved(to: destination.bytes)
    }
}
