/// The members of a client's frame that this protocol knows, as tokens, whatever the frame's type.
///
/// They are collected before any is judged, because `type` and `ref` may come last. Unknown members are validated as
/// JSON and forgotten.
struct ClientMembers {
    private(set) var type = JSONToken.absent
    private(set) var ref = JSONToken.absent
    private(set) var room = JSONToken.absent
    private(set) var key = JSONToken.absent
    private(set) var body = JSONToken.absent
    private(set) var since = JSONToken.absent
    private(set) var limit = JSONToken.absent
    private(set) var before = JSONToken.absent
    private(set) var after = JSONToken.absent
    private(set) var user = JSONToken.absent
    private(set) var token = JSONToken.absent
    private(set) var client = JSONToken.absent
    private(set) var resume = JSONToken.absent
    private(set) var text = JSONToken.absent
    private(set) var position = JSONToken.absent
    private(set) var topic = JSONToken.absent
    private(set) var guest = JSONToken.absent
    /// A known member came twice: two programs could read such a frame differently, so it is refused.
    private(set) var hasRepetition = false

    @inline(__always)
    mutating func note(_ name: JSONToken, _ value: JSONToken, in scanner: JSONScanner) {
        if scanner.matches(name, "type") {
            Self.set(&type, value, &hasRepetition)
        } else if scanner.matches(name, "room") {
            Self.set(&room, value, &hasRepetition)
        } else if scanner.matches(name, "body") {
            Self.set(&body, value, &hasRepetition)
        } else if scanner.matches(name, "ref") {
            Self.set(&ref, value, &hasRepetition)
        } else if scanner.matches(name, "key") {
            Self.set(&key, value, &hasRepetition)
        } else {
            noteRare(name, value, in: scanner)
        }
    }

    private mutating func noteRare(_ name: JSONToken, _ value: JSONToken, in scanner: JSONScanner) {
        if scanner.matches(name, "since") {
            Self.set(&since, value, &hasRepetition)
        } else if scanner.matches(name, "limit") {
            Self.set(&limit, value, &hasRepetition)
        } else if scanner.matches(name, "before") {
            Self.set(&before, value, &hasRepetition)
        } else if scanner.matches(name, "after") {
            Self.set(&after, value, &hasRepetition)
        } else if scanner.matches(name, "user") {
            Self.set(&user, value, &hasRepetition)
        } else if scanner.matches(name, "token") {
            Self.set(&token, value, &hasRepetition)
        } else if scanner.matches(name, "client") {
            Self.set(&client, value, &hasRepetition)
        } else if scanner.matches(name, "resume") {
            Self.set(&resume, value, &hasRepetition)
        } else if scanner.matches(name, "text") {
            Self.set(&text, value, &hasRepetition)
        } else if scanner.matches(name, "position") {
            Self.set(&position, value, &hasRepetition)
        } else if scanner.matches(name, "topic") {
            Self.set(&topic, value, &hasRepetition)
        } else if scanner.matches(name, "guest") {
            Self.set(&guest, value, &hasRepetition)
        }
    }

    @inline(__always)
    private static func set(_ member: inout JSONToken, _ value: JSONToken, _ hasRepetition: inout Bool) {
        if member.kind != .absent { hasRepetition = true }
        member = value
    }
}
