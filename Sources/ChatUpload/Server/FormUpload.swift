import ServerKit
import ChatBroker
import ChatIdentity
import ChatWire
import NIOCore

/// One multipart form on its way in: the file goes to the volume as it comes, whatever order the parts have.
///
/// Rights are checked as soon as the room is known, which may be after the file; nothing is committed before.
struct FormUpload {
    /// Bytes of a form beside its file: the parser's own limits allow less.
    static let overheadBytesMax = 256 * 1024

    private enum Place {
        case outside
        case file
        case field(String)
        /// A field that means nothing here.
        case ignored
    }

    private let engine: UploadEngine
    private let visitor: Visitor
    private let body: BodyReader
    private let id = UploadID.random()
    private var writer: PartialWriter?
    private var fileName: String?
    private var fields: [String: String] = [:]
    private var text = ByteBuffer()
    private var place = Place.outside
    private var room: RoomName?
    private var user: UserName?
    private var owner: UploadOwner?
    private let lease: Int

    init(engine: UploadEngine, visitor: Visitor, body: BodyReader) {
        self.engine = engine
        self.visitor = visitor
        self.body = body
        lease = engine.began(id, nil, isResumable: false)
    }

    /// Receives the whole form; the file's bytes are then on the volume.
    mutating func receive(_ boundary: MultipartBoundary) async throws -> (PartialWriter, UploadEngine.Label) {
        engine.memory.began()
        engine.metrics.uploads.add(1)
        defer {
            engine.memory.ended()
            engine.metrics.uploads.add(-1)
        }
        if !visitor.isGuest { try await become(visitor.user(claiming: nil)) }
        var parser = MultipartParser(boundary)
        while let chunk = try await body.next() {
            engine.metrics.received.increment(by: chunk.readableBytes)
            parser.received(chunk)
            while let event = try parser.next() { try await take(event) }
        }
        parser.receivedEnd()
        while let event = try parser.next() { try await take(event) }
        return try await finished()
    }

    /// Removes what is on the volume.
    func discard() async {
        await engine.discard(id, owner)
    }

    /// No request is about it any more.
    func ended() { engine.running.ended(lease) }

    private mutating func take(_ event: MultipartParser.Event) async throws {
        switch event {
        case .began(let part): try await begin(part)
        case .bytes(let bytes):
            switch place {
            case .file:
                guard (writer?.end ?? 0) + bytes.readableBytes <= engine.settings.fileBytesMax else {
                    throw Refusal.fileTooLarge(engine.settings.fileBytesMax)
                }
                try await writer?.write(bytes)
            case .field: text.writeImmutableBuffer(bytes)
            case .outside, .ignored: break
            }
        case .ended:
            if case .field(let name) = place { try await end(name) }
            place = .outside
        case .finished: break
        }
    }

    private mutating func begin(_ part: MultipartPart) async throws {
        switch part.name {
        case "file":
            guard let name = part.fileName else { throw Refusal.invalid("The part 'file' has no filename.") }
            guard writer == nil else { throw Refusal.invalid("Send one file in a form.") }
            fileName = FileName(name).value
            writer = engine.writer(try await engine.create(id, owner: owner, bytes: nil))
            place = .file
        case "room_key", "username", "sha256":
            guard !part.isFile else { throw Refusal.invalid("'\(part.name)' is a field, not a file.") }
            guard fields[part.name] == nil else { throw Refusal.invalid("Send '\(part.name)' once.") }
            fields[part.name] = ""
            text.clear()
            place = .field(part.name)
        default:
            guard !part.isFile else { throw Refusal.invalid("Send one file in a form, as 'file'.") }
            place = .ignored
        }
    }

    private mutating func end(_ name: String) async throws {
        guard let value = String(validating: text.readableBytesView, as: UTF8.self) else {
            throw Refusal.invalid("'\(name)' is not UTF-8.")
        }
        fields[name] = value
        switch name {
        case "room_key":
            let room = try RoomName(value)
            guard try await visitor.allows(.write, room, in: engine.registry) else { throw Refusal.forbidden }
            self.room = room
        case "username" where visitor.isGuest: try await become(visitor.user(claiming: value))
        default: break
        }
    }

    private mutating func become(_ user: UserName) async throws {
        let owner = visitor.owner(user, bytes: body.length ?? 0)
        try await engine.reserve(id, owner)
        self.user = user
        self.owner = owner
        engine.running.named(lease, owner.account)
        if writer != nil { try await engine.disk.run { [engine, id] in try engine.store.write(owner, of: id) } }
    }

    private mutating func finished() async throws -> (PartialWriter, UploadEngine.Label) {
        guard var writer, let fileName else { throw Refusal.invalid("The form has no part 'file'.") }
        guard let room else { throw Refusal.invalid("The form has no field 'room_key'.") }
        guard let user, let owner else { throw Refusal.invalid("The form has no field 'username'.") }
        var wanted: ContentHash?
        if let text = fields["sha256"] {
            guard let hash = ContentHash(text) else { throw Refusal.invalid("'sha256' is 64 hexadecimal digits.") }
            wanted = hash
        }
        try await writer.finish()
        let label = UploadEngine.Label(
            room: room, user: user, isGuest: visitor.isGuest, name: fileName, sha256: wanted,
            created: WallClock.milliseconds(), owner: owner)
        return (writer, label)
    }
}
