/// What a message's body may be, however it was written.
enum BodyRules {
    /// - Parameters:
    ///   - bytes: Length as UTF-8 after escapes are resolved.
    ///   - hasControls: A C0 or C1 control or DEL is in it, other than newline and tab.
    ///   - isText: It is UTF-8, without halves of surrogate pairs.
    /// - Throws: ``WireError`` `invalid_body` or `too_large`.
    static func check(bytes: Int, hasControls: Bool, isText: Bool) throws(WireError) {
        guard bytes <= Limits.bodyBytesMax else {
            throw WireError(.tooLarge, "A body is at most \(Limits.bodyBytesMax) bytes; send a file instead.")
        }
        guard bytes > 0 else { throw WireError(.invalidBody, "A body must not be empty.") }
        guard isText else { throw WireError(.invalidBody, "A body is UTF-8 text without halves of surrogate pairs.") }
        guard !hasControls else {
            throw WireError(.invalidBody, "A body holds no control characters but newline and tab.")
        }
    }
}
