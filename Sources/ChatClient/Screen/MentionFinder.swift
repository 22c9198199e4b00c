/// Whether a text names a user: the name as a whole word, in any case, with or without an `@`.
enum MentionFinder {
    static func mentions(_ user: String, in text: String) -> Bool {
        let name = Array(user.lowercased().unicodeScalars)
        guard let first = name.first, let last = name.last else { return false }
        let scalars = Array(text.lowercased().unicodeScalars)
        guard scalars.count >= name.count else { return false }
        for start in 0...(scalars.count - name.count) where scalars[start] == first {
            let end = start + name.count
            guard scalars[start..<end].elementsEqual(name) else { continue }
            let before = start > 0 ? scalars[start - 1] : " "
            let after = end < scalars.count ? scalars[end] : " "
            if before != "@", joins(before, first) { continue }
            // A full stop ends a sentence, unless the word goes on behind it.
            if after == ".", end + 1 < scalars.count, isWord(scalars[end + 1]) { continue }
            if joins(after, last) { continue }
            return true
        }
        return false
    }

    /// Whether the two stand in one word. Scripts without blanks between words cannot tell.
    private static func joins(_ neighbour: Unicode.Scalar, _ edge: Unicode.Scalar) -> Bool {
        isWord(neighbour) && !(isUnspaced(neighbour) || isUnspaced(edge))
    }

    /// Letters, digits and marks, and what names are joined with.
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "-" || scalar == "_" { return true }
        if scalar.isASCII { return scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) }
        return scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            || scalar.properties.canonicalCombiningClass != .notReordered
    }

    private static func isUnspaced(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isIdeographic || (0x3040...0x30ff).contains(scalar.value)
            || (0x0e00...0x0eff).contains(scalar.value)
    }
}
