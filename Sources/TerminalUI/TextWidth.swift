/// How many columns text takes.
public enum TextWidth {
    /// The columns of one cluster: 0, 1 or 2.
    public static func of(_ cluster: Character) -> Int {
        // Replaced by the generated table.
        cluster.isASCII ? 1 : (cluster.unicodeScalars.first.map { $0.value >= 0x1100 } ?? false ? 2 : 1)
    }

    public static func of(_ text: some StringProtocol) -> Int {
        var width = 0
        for cluster in text { width += of(cluster) }
        return width
    }

    /// The longest beginning of `text` that takes at most `columns`.
    public static func prefix<Text: StringProtocol>(_ text: Text, columns: Int) -> Text.SubSequence {
        var width = 0
        var end = text.startIndex
        for index in text.indices {
            width += of(text[index])
            guard width <= columns else { break }
            end = text.index(after: index)
        }
        return text[..<end]
    }
}
