import NIOCore

/// What a tus upload does next (tus 1.0.0): which request, from which offset, and what follows from its answer.
///
/// Every way leads through the server's word about its offset; what was sent counts for nothing until then. The upload
/// is done when the server names the SHA-256 of the file that was read here.
struct UploadMachine: Sendable, Equatable {
    /// The request to make; `upload` is the path of the upload at the server.
    enum Step: Sendable, Equatable {
        case create
        case ask(upload: String)
        /// With `from` at the file's end it asks the server to finish what it has whole.
        case send(upload: String, from: Int64)
        case verify(upload: String)
        case done(upload: String)
    }

    enum Reaction: Sendable, Equatable {
        /// Take the next step at once.
        case goOn
        case retry(notBefore: TimeAmount?)
        case stop(TransferFailure)
    }

    let bytes: Int64
    private(set) var step: Step
    private var creations = 0
    /// The server had everything and no finished file: it was asked to finish.
    private var isFinishing = false
    private var lookups = 0

    /// An upload that is lost at the server is begun anew so often.
    static let creationsMax = 3
    /// So often the finished file is looked for after the server said that it is finished.
    static let lookupsMax = 3

    /// - Parameter upload: where an earlier run has begun it.
    init(bytes: Int64, upload: String?) {
        self.bytes = bytes
        step = upload.map { .ask(upload: $0) } ?? .create
    }

    /// The path of the upload, once there is one.
    var upload: String? {
        switch step {
        case .create: nil
        case .ask(let upload), .send(let upload, _), .verify(let upload), .done(let upload): upload
        }
    }

    mutating func created(upload: String) {
        creations += 1
        // An empty file is whole with its creation.
        step = bytes == 0 ? .verify(upload: upload) : .send(upload: upload, from: 0)
    }

    /// The server has `offset` bytes, as it said to a question or after a piece.
    mutating func serverHas(_ offset: Int64) -> Reaction {
        guard let upload else { return .goOn }
        guard (0...bytes).contains(offset) else {
            return .stop(TransferFailure(.stop(.failed), "The server has more bytes than the file."))
        }
        step = offset == bytes ? .verify(upload: upload) : .send(upload: upload, from: offset)
        return .goOn
    }

    mutating func verified(_ sha256: String?, ours: String) -> Reaction {
        guard case .verify(let upload) = step else { return .goOn }
        guard let sha256 else {
            return .stop(TransferFailure(.stop(.failed), "The server does not say what it stored."))
        }
        guard sha256 == ours else {
            return .stop(TransferFailure(.stop(.failed), "The server stored other bytes than were read here."))
        }
        step = .done(upload: upload)
        return .goOn
    }

    /// The request of the current step had another end.
    mutating func failed(_ failure: TransferFailure) -> Reaction {
        switch (failure.remedy, step) {
        case (.stop, _), (_, .done):
            return .stop(failure)
        case (.unknown, .create), (.conflict, .create):
            return .stop(failure)
        case (.unknown, .verify(let upload)) where !isFinishing:
            isFinishing = true
            step = .send(upload: upload, from: bytes)
            return .goOn
        case (.unknown, .verify), (.conflict, .verify):
            lookups += 1
            guard lookups <= Self.lookupsMax else {
                let words = "The file is stored, but this user may not read it: its SHA-256 cannot be checked."
                return .stop(TransferFailure(.stop(.notPermitted), words))
            }
            return .retry(notBefore: nil)
        case (.unknown, _):
            guard creations < Self.creationsMax else { return .stop(failure) }
            step = .create
            isFinishing = false
            return .goOn
        case (.conflict, .send(let upload, _)), (.conflict, .ask(let upload)):
            // Another writer or a stale offset: not at once, so that two do not chase each other.
            step = .ask(upload: upload)
            return .retry(notBefore: nil)
        case (.retry(let notBefore), .send(let upload, _)):
            step = .ask(upload: upload)
            return .retry(notBefore: notBefore)
        case (.retry(let notBefore), _):
            return .retry(notBefore: notBefore)
        }
    }
}
