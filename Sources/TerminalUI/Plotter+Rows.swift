import Glibc

extension Plotter {
    /// Draws `new` where `old` stands, by scrolling first where that is shorter.
    mutating func draw(_ new: [[PackedCell]], over old: [[PackedCell]], scrollRowsMin: Int) {
        let changed = changedRows(new, over: old)
        if changed.count > scrollRowsMin, let scroll = Scroll.best(from: old, to: new, columns: columns, rows: rows) {
            var scrolling = self
            scrolling.scroll(top: scroll.top, bottom: scroll.bottom, by: scroll.count)
            scrolling.drawRows(0..<rows, new, over: old) { scroll.source(of: $0) }
            // The other way is only followed for as long as it may be the shorter one.
            for row in changed where bytes.count < scrolling.bytes.count { drawRows([row], new, over: old) }
            if scrolling.bytes.count <= bytes.count { self = scrolling }
        } else {
            drawRows(changed, new, over: old)
        }
    }

    /// Over all rows at each key: most are the same memory, and the others are compared as memory, because comparing
    /// arrays takes many times as long.
    private func changedRows(_ new: [[PackedCell]], over old: [[PackedCell]]) -> [Int] {
        (0..<rows).filter { row in
            new[row].withUnsafeBytes { new in
                old[row].withUnsafeBytes { old in
                    guard let new = new.baseAddress, let old = old.baseAddress, new != old else { return false }
                    return memcmp(new, old, columns * MemoryLayout<PackedCell>.stride) != 0
                }
            }
        }
    }

    /// - Parameter source: where the old cells of a row are; nil: the row is blank.
    private mutating func drawRows(
        _ rows: some Sequence<Int>, _ new: [[PackedCell]], over old: [[PackedCell]], source: (Int) -> Int? = { $0 }
    ) {
        for row in rows {
            let before = source(row).map { old[$0] } ?? Array(repeating: .blank, count: columns)
            new[row].withUnsafeBufferPointer { new in
                before.withUnsafeBufferPointer { old in draw(row: row, new, over: old) }
            }
        }
    }

    private mutating func draw(
        row: Int, _ new: UnsafeBufferPointer<PackedCell>, over old: UnsafeBufferPointer<PackedCell>
    ) {
        guard (0..<columns).contains(where: { !new[$0].looksLike(old[$0]) }) else { return }
        let isDoubtful = new.contains { $0.glyph.isDoubtful } || old.contains { $0.glyph.isDoubtful }
        if isDoubtful {
            move(column: 0, row: row)
            eraseToEnd()
        }
        RowChange(row: row, new: new, old: isDoubtful ? nil : old).draw(with: &self)
    }
}

/// What of one row must be drawn.
private struct RowChange {
    let row: Int
    let new: UnsafeBufferPointer<PackedCell>
    /// Nil: the row is blank, as it always is where it holds clusters of doubtful width.
    let old: UnsafeBufferPointer<PackedCell>?

    /// Cells that stay the same are written again where that is not longer than moving over them; the longest move that
    /// can be beaten.
    private static let rewrittenMax = 4

    func draw(with plotter: inout Plotter) {
        let end = contentEnd(of: new)
        var column = 0
        while let start = nextChange(from: column, to: end) {
            if start > 0, start == new.count - 1, new[start].glyph.number != nil {
                drawLast(with: &plotter)
                return
            }
            reach(start, from: column, with: &plotter)
            let blanks = blankRun(at: start, to: end)
            // An erasing sequence and the move behind it, against the blanks themselves.
            if blanks > 2 * Plotter.moveLength(by: blanks) {
                plotter.erase(blanks)
                column = start + blanks
            } else {
                let isWide = start + 1 < new.count && new[start + 1].glyph == .rightHalf
                plotter.draw(new[start], isWide: isWide)
                column = start + (isWide ? 2 : 1)
                if new[start].glyph.isDoubtful, column < new.count {
                    // Where the terminal draws it wider than we think, nothing of it stays behind.
                    plotter.move(column: column, row: row)
                    plotter.eraseToEnd()
                }
            }
        }
        let oldEnd = old.map(contentEnd) ?? 0
        if oldEnd > end { blank(from: end, to: oldEnd, with: &plotter) }
    }

    /// A cluster of several scalars in the last column. Where lines do not wrap, the cursor stays on the first of them, and
    /// tmux joins the others to the cell before it. So it is drawn one column further left, and pushed to its place by a
    /// blank for what belongs there. (With wrapping on for a moment, a scalar that the terminal gives a column of its own,
    /// as tmux does with vowel signs, would go to the next row, and scroll the screen in the last one.)
    private func drawLast(with plotter: inout Plotter) {
        let last = new.count - 1
        plotter.move(column: last - 1, row: row)
        plotter.draw(new[last], isWide: false)
        plotter.move(column: last - 1, row: row)
        plotter.insertBlank()
        let isHalf = new[last - 1].glyph == .rightHalf
        let before = isHalf ? last - 2 : last - 1
        plotter.move(column: before, row: row)
        plotter.draw(new[before], isWide: isHalf)
    }

    private func changes(_ column: Int) -> Bool {
        guard let old else { return !new[column].looksLike(.blank) }
        return !new[column].looksLike(old[column])
    }

    /// The next cell to draw: a whole cluster, also where only its right half changes.
    private func nextChange(from column: Int, to end: Int) -> Int? {
        guard column < end, let change = (column..<end).first(where: changes) else { return nil }
        return change > column && new[change].glyph == .rightHalf ? change - 1 : change
    }

    /// How many of the cells from `start` on are plain blanks, up to the last one that changes.
    private func blankRun(at start: Int, to end: Int) -> Int {
        var count = 0
        var column = start
        while column < end, new[column].isPlainBlank {
            column += 1
            if changes(column - 1) { count = column - start }
        }
        return count
    }

    /// Brings the cursor to a cell, over what stays or through it.
    private func reach(_ start: Int, from column: Int, with plotter: inout Plotter) {
        if plotter.row == row, let at = plotter.column, at >= column, at < start, start - at <= Self.rewrittenMax {
            let between = at..<start
            if between.allSatisfy({ new[$0].glyph.isASCII && plotter.suits(new[$0]) }) {
                for column in between { plotter.draw(new[column], isWide: false) }
            }
        }
        plotter.move(column: start, row: row)
    }

    private func blank(from end: Int, to oldEnd: Int, with plotter: inout Plotter) {
        plotter.move(column: end, row: row)
        // CSI K has three bytes.
        if oldEnd - end > 3 {
            plotter.eraseToEnd()
        } else {
            for _ in end..<oldEnd { plotter.draw(.blank, isWide: false) }
        }
    }

    /// Behind the last cell that is not a plain blank.
    private func contentEnd(of cells: UnsafeBufferPointer<PackedCell>) -> Int {
        cells.lastIndex { !$0.isPlainBlank }.map { $0 + 1 } ?? 0
    }
}
