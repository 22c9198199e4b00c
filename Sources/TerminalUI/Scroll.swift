/// Rows `top...bottom` move up by `count` (down where it is negative), and blank rows come in.
struct Scroll {
    var top: Int
    var bottom: Int
    var count: Int

    /// Cells that must find their place by it; below that the sequences cost more than they save.
    private static let gainMin = 24

    /// The scroll that brings the most cells to where the new screen has them. Side panes move with it and must be drawn
    /// again, which counts against it. An estimate: whether it is shorter shows when both ways are written.
    static func best(from old: [[PackedCell]], to new: [[PackedCell]], columns: Int, rows: Int) -> Scroll? {
        let oldKeys = keys(of: old)
        let newKeys = keys(of: new)
        return oldKeys.withUnsafeBufferPointer { old in
            newKeys.withUnsafeBufferPointer { new in
                ScrollSearch(old: old, new: new, columns: columns, rows: rows).best(gainMin: gainMin)
            }
        }
    }

    private static func keys(of screen: [[PackedCell]]) -> [UInt32] {
        var keys: [UInt32] = []
        keys.reserveCapacity(screen.count * (screen.first?.count ?? 0))
        for row in screen { for cell in row { keys.append(cell.key) } }
        return keys
    }

    /// The row that the terminal shows at `row` after the scroll; nil: a blank one.
    func source(of row: Int) -> Int? {
        guard (top...bottom).contains(row) else { return row }
        return (top...bottom).contains(row + count) ? row + count : nil
    }
}

private struct ScrollSearch {
    let old: UnsafeBufferPointer<UInt32>
    let new: UnsafeBufferPointer<UInt32>
    let columns: Int
    let rows: Int

    func best(gainMin: Int) -> Scroll? {
        var best: Scroll?
        var bestGain = gainMin
        let staying = (0..<rows).map { equalCells($0, $0) }
        for distance in 1..<max(2, rows / 2) {
            for count in [distance, -distance] {
                consider(count, staying, &best, &bestGain)
            }
        }
        return best
    }

    /// The best run of rows for one distance (the largest sum of a run, as Kadane found it).
    private func consider(_ count: Int, _ staying: [Int], _ best: inout Scroll?, _ bestGain: inout Int) {
        var sum = 0
        var start = 0
        for row in max(0, -count)..<max(0, -count, min(rows, rows - count)) {
            if sum <= 0 { (sum, start) = (0, row) }
            sum += equalCells(row, row + count) - staying[row]
            if sum > bestGain {
                bestGain = sum
                best = Scroll(top: min(start, start + count), bottom: max(row, row + count), count: count)
            }
        }
    }

    private func equalCells(_ newRow: Int, _ oldRow: Int) -> Int {
        // In a form that the compiler makes vectors of: it runs some thousand times for one scroll.
        guard let new = new.baseAddress?.advanced(by: newRow * columns),
            let old = old.baseAddress?.advanced(by: oldRow * columns)
        else { return 0 }
        var count: UInt32 = 0
        for column in 0..<columns { count &+= new[column] == old[column] ? 1 : 0 }
        return Int(count)
    }
}
