import ChatWire
import Foundation
import NIOCore
import NIOHTTP1

/// Carries one file to a room: does what ``UploadMachine`` says.
struct UploadRun: Sendable {
    let server: FileServer
    let room: RoomName
    let file: SourceFile
    /// Nil where nothing is kept between runs.
    let record: TransferRecord?
    let display: ProgressDisplay
    let patience: TimeAmount

    /// - Throws: ``CommandFailure``; `CancellationError`, with the upload kept.
    func run() async throws -> UploadedFile {
        var machine = UploadMachine(bytes: file.identity.bytes, upload: record?.upload)
        var plan = RetryPlan(patience: patience, now: .now())
        await display.begin(file.name.value, total: file.identity.bytes, isKept: record != nil)
        var furthest: Int64 = 0
        while true {
            let reaction: UploadMachine.Reaction
            do {
                if case .done(let upload) = machine.step { return try await finished(upload) }
                reaction = try await take(machine.step, &machine)
            } catch let failure as TransferFailure {
                // Bytes that were sent before are no progress: a server that loses them each time is given up.
                if await display.bytes > furthest { plan.progressed(at: .now()) }
                reaction = machine.failed(failure)
                await display.note(VisibleText(failure.message).value)
            }
            furthest = max(furthest, await display.bytes)
            switch reaction {
            case .goOn:
                continue
            case .retry(let notBefore):
                let delay = plan.delay(notBefore: notBefore, at: .now(), random: .random(in: 0..<1))
                guard let delay else {
                    let reason = await display.lastNote ?? "The server did not answer."
                    throw CommandFailure(.unavailable, reason)
                }
                try await Task.sleep(for: .nanoseconds(delay.nanoseconds))
            case .stop(let failure):
                throw failure.ending
            }
        }
    }

    private func take(_ step: UploadMachine.Step, _ machine: inout UploadMachine) async throws -> UploadMachine.Reaction
    {
        switch step {
        case .create:
            let upload = try await create()
            record?.save(upload: upload)
            machine.created(upload: upload)
            return .goOn
        case .ask(let upload):
            return machine.serverHas(try await offset(of: upload))
        case .send(let upload, let from):
            return machine.serverHas(try await send(upload, from: from))
        case .verify(let upload):
            await display.note("verifying")
            let ours = try await file.sha256()
            return machine.verified(try await storedSHA256(of: upload), ours: ours)
        case .done:
            return .goOn
        }
    }

    private func create() async throws -> String {
        let headers: HTTPHeaders = [
            "Tus-Resumable": "1.0.0", "Upload-Length": "\(file.identity.bytes)", "Upload-Metadata": metadata,
            "Content-Length": "0",
        ]
        let answer = try await Exchange(server, server.head(.POST, "/api/tus", headers), patience: patience).answer()
        guard answer.status == 201 else { throw TransferFailure(answer) }
        guard let location = answer.headers.first(name: "Location"), let path = server.path(ofLocation: location) else {
            throw TransferFailure(.stop(.failed), "The server does not say where the upload goes.")
        }
        return path
    }

    private var metadata: String {
        var pairs = [("filename", file.name.value), ("room", room.value)]
        if server.token == nil, let user = server.user { pairs.append(("username", user)) }
        return pairs.map { "\($0) \(Data($1.utf8).base64EncodedString())" }.joined(separator: ",")
    }

    private func offset(of upload: String) async throws -> Int64 {
        let head = server.head(.HEAD, upload, ["Tus-Resumable": "1.0.0"])
        return try Self.offset(try await Exchange(server, head, patience: patience, answerPatience: verifying).answer())
    }

    private func send(_ upload: String, from offset: Int64) async throws -> Int64 {
        let headers: HTTPHeaders = [
            "Tus-Resumable": "1.0.0", "Upload-Offset": "\(offset)", "Content-Type": "application/offset+octet-stream",
            "Content-Length": "\(file.identity.bytes - offset)",
        ]
        await display.moved(to: offset, isResumption: true)
        let reader = PieceReader(file: file, offset: offset, display: display)
        let exchange = Exchange(
            server, server.head(.PATCH, upload, headers), patience: patience, answerPatience: verifying)
        let answer = try await exchange.answer { try await reader.piece() }
        return try Self.offset(answer)
    }

    /// How long the end of a body may take: what is on its way must arrive, and a server that met a restart reads the whole file again before it answers.
    private var verifying: TimeAmount {
        let unsent = 2 * Int64(TransferLimits.unsentBytes) / TransferLimits.slowestBytesPerSecond
        return patience + .seconds(file.identity.bytes / TransferLimits.verifiedBytesPerSecond + unsent)
    }

    private static func offset(_ answer: TransferAnswer) throws -> Int64 {
        guard (200..<300).contains(answer.status) else { throw TransferFailure(answer) }
        guard let offset = answer.count("Upload-Offset") else {
            throw TransferFailure(.stop(.failed), "The server does not say what it has.")
        }
        return offset
    }

    private func storedSHA256(of upload: String) async throws -> String? {
        let head = server.head(.HEAD, "/api/files/\(Self.id(of: upload))")
        let answer = try await Exchange(server, head, patience: patience, answerPatience: verifying).answer()
        guard answer.status == 200 else { throw TransferFailure(answer) }
        return answer.sha256
    }

    private func finished(_ upload: String) async throws -> UploadedFile {
        record?.remove()
        await display.end()
        let id = Self.id(of: upload)
        return UploadedFile(
            file_id: id, filename: file.name.value, size: file.identity.bytes, sha256: try await file.sha256(),
            url:
                "\(server.address.isSecure ? "https" : "http")://\(server.address.authority)\(server.prefix)/api/files/\(id)"
        )
    }

    /// The file has the upload's id.
    private static func id(of upload: String) -> String { upload.split(separator: "/").last.map(String.init) ?? "" }
}

/// What is said about a file that is there; the names are those of the server's own answer.
struct UploadedFile: Encodable, Sendable {
    var file_id: String
    var filename: String
    var size: Int64
    var sha256: String
    var url: String
}

/// Hands out the file's batches in order, one being read while the one before is sent, and tells how far it is.
private actor PieceReader {
    private let file: SourceFile
    private let display: ProgressDisplay
    private var offset: Int64
    private var next: EventLoopFuture<ByteBuffer?>

    init(file: SourceFile, offset: Int64, display: ProgressDisplay) {
        self.file = file
        self.offset = offset
        self.display = display
        next = file.read(from: offset)
    }

    func piece() async throws -> ByteBuffer? {
        // Asked for the next one: those before are with the socket.
        await display.moved(to: offset)
        guard let piece = try await next.get() else { return nil }
        offset += Int64(piece.readableBytes)
        next = file.read(from: offset)
        return piece
    }
}
