/// An ETag (RFC 9110 section 8.8.3).
struct EntityTag: Sendable, Hashable, CustomStringConvertible {
    /// Without quotes.
    let value: String
    let isWeak: Bool

    init(strong value: String) {
        self.value = value
        isWeak = false
    }

    /// One tag, and nothing else.
    init?(_ text: String) {
        var rest = ASCII.trimmed(text).utf8[...]
        guard let tag = Self.take(from: &rest), rest.isEmpty else { return nil }
        self = tag
    }

    private init(value: String, isWeak: Bool) {
        self.value = value
        self.isWeak = isWeak
    }

    var description: String { isWeak ? "W/\"\(value)\"" : "\"\(value)\"" }

    /// For what is changed or put together from parts.
    func isStronglyEqual(to other: EntityTag) -> Bool { !isWeak && !other.isWeak && value == other.value }

    /// For caches.
    func isWeaklyEqual(to other: EntityTag) -> Bool { value == other.value }

    /// A tag at the begin of `bytes`. Commas may stand in one, so a list cannot be split before its tags are read.
    fileprivate static func take(from bytes: inout Substring.UTF8View) -> EntityTag? {
        let isWeak = bytes.starts(with: "W/".utf8)
        var rest = isWeak ? bytes.dropFirst(2) : bytes
        guard rest.popFirst() == ASCII.quote else { return nil }
        let value = rest.prefix { $0 == 0x21 || (0x23...0x7e).contains($0) || $0 >= 0x80 }
        rest = rest[value.endIndex...]
        guard rest.popFirst() == ASCII.quote, let text = String(value) else { return nil }
        bytes = rest
        return EntityTag(value: text, isWeak: isWeak)
    }
}

/// The value of If-Match or If-None-Match.
enum EntityTagCondition: Sendable, Equatable {
    case any
    case tags([EntityTag])

    /// Tags looked at; one request that names more is no browser's.
    static let tagsMax = 64

    /// Nil where it is not of the form.
    init?(_ header: String) {
        let text = ASCII.trimmed(header)
        if text == "*" {
            self = .any
            return
        }
        var rest = text.utf8[...]
        var tags: [EntityTag] = []
        while !rest.isEmpty {
            guard tags.count < Self.tagsMax, let tag = EntityTag.take(from: &rest) else { return nil }
            tags.append(tag)
            let separator = rest.prefix { ASCII.isBlank($0) || $0 == ASCII.comma }
            guard rest.isEmpty || separator.contains(ASCII.comma) else { return nil }
            rest = rest[separator.endIndex...]
        }
        guard !tags.isEmpty else { return nil }
        self = .tags(tags)
    }
}
