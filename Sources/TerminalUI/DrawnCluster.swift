/// A cluster as it may stand in a cell: what would move the cursor, turn the direction of writing or not be seen at all
/// is drawn as U+FFFD.
struct DrawnCluster {
    static let replacement: Character = "\u{FFFD}"
    /// Columns between the places a tab goes to: as many as the spaces that a tab in a message becomes.
    static let tabColumns = 4

    let cluster: Character
    /// 1 or 2, and not more than the columns there are.
    let width: Int

    /// - Parameter columns: of a row. A double-width cluster that no row has room for is drawn as U+FFFD too.
    init(_ cluster: Character, columns: Int) {
        let width = cluster.drawnWidth
        if width == 0 || width > max(1, columns) {
            self.cluster = Self.replacement
            self.width = 1
        } else {
            self.cluster = cluster
            self.width = width
        }
    }

    /// The columns of a tab at a place, up to the next stop or the row's end.
    static func tabWidth(at column: Int, columns: Int) -> Int {
        max(0, min(tabColumns - column % tabColumns, columns - column))
    }
}
