import Foundation

extension UserName {
    /// What the name looks like: two names with one skeleton could be taken for each other.
    ///
    /// It is compared, never shown. Compatibility forms (full width, ligatures, mathematical letters) and case are folded;
    /// then each letter that looks like a Latin one becomes that one. This is the idea of UTS #39 with a table of the
    /// letters people meet, not the whole of its data: accents stay, and sequences (`rn` and `m`) are not compared.
    public var skeleton: String {
        var skeleton = ""
        // Upper case first: a lower case of an upper case is as near to case folding as the standard library comes,
        // and it joins ς with σ and ß with ss.
        let folded = value.precomposedStringWithCompatibilityMapping.uppercased().lowercased()
        // Decomposed, so that a letter with an accent is looked up too: ї and ï become the same.
        for scalar in folded.decomposedStringWithCompatibilityMapping.unicodeScalars {
            skeleton.unicodeScalars.append(Self.lookalikes[scalar] ?? scalar)
        }
        return skeleton.precomposedStringWithCanonicalMapping
    }

    /// Letter and digit by what it looks like. Case is folded before, so capitals count as their small letters: `I`
    /// comes here as `i`, and because it looks like `l` and `1`, all four are one.
    private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = {
        let groups: [(Unicode.Scalar, String)] = [
            ("a", "αаɑ"), ("b", "βвьҍ"), ("c", "сϲ"), ("d", "ԁɗ"), ("e", "еҽ"), ("g", "ɡց"), ("h", "һнհ"),
            ("j", "јյ"), ("k", "κк"), ("l", "1iіιӏǀ"), ("m", "мμ"), ("n", "ηոռ"), ("o", "0оοօסഠ๐໐"), ("p", "рρ"),
            ("q", "ԛգ"), ("r", "гꭇ"), ("s", "ѕꜱ"), ("t", "тτ"), ("u", "υսцʋ"), ("v", "νѵ"), ("w", "ԝωѡա"), ("x", "хχ"),
            ("y", "уүγ"), ("z", "ζᴢ"),
        ]
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (latin, others) in groups {
            for other in others.unicodeScalars { table[other] = latin }
        }
        return table
    }()
}
