import ChatWire
import NIOCore
import TerminalUI

/// Uploads and downloads: their bars, their ends, and the files of a room.
extension ChatModel {
    mutating func received(_ transfer: TransferModel) {
        var transfer = transfer
        let index = transfers.firstIndex { $0.id == transfer.id }
        if let index, transfers[index].endedAt != nil { return }
        if transfer.hasEnded {
            transfer.endedAt = now
            tellEnd(of: transfer)
        }
        if let index { transfers[index] = transfer } else { transfers.append(transfer) }
        if transfers.count > ScreenLimits.transfersMax, let oldest = transfers.firstIndex(where: { $0.endedAt != nil })
        {
            transfers.remove(at: oldest)
        }
    }

    private mutating func tellEnd(of transfer: TransferModel) {
        // The upload of the same file may end after its line is in the room, and was opened.
        let opens = !transfer.isUpload && ledger.opening.remove(Self.openingKey(transfer.name, transfer.room)) != nil
        switch transfer.state {
        case .waiting, .running, .verifying, .retrying: return
        case .done(let path):
            if transfer.isUpload { return inform("\(transfer.name) is in \(called(transfer.room))") }
            inform("saved: \(path)")
            if rooms[transfer.room] != nil {
                add(
                    .local([Span(VisibleText("\(transfer.name) is saved as \(path)").value, theme.dim)]),
                    to: transfer.room)
            }
            if opens { ask(.open(path)) }
        case .failed(let reason):
            let text = "\(transfer.isUpload ? "not uploaded" : "not downloaded"): \(transfer.name): \(reason)"
            if rooms[transfer.room] != nil {
                add(.local([Span(VisibleText(text).value, theme.warning)]), to: transfer.room)
            }
            warn(text)
        case .cancelled: inform("cancelled: \(transfer.name)")
        }
    }

    /// Ctrl-X C.
    mutating func cancelNewestTransfer() {
        guard let transfer = transfers.last(where: { $0.endedAt == nil }) else {
            return inform("no transfer is running")
        }
        ask(.cancelTransfer(id: transfer.id))
    }

    mutating func cancelTransfer(_ argument: String?) -> Bool {
        let running = transfers.filter { $0.endedAt == nil }
        guard let argument else {
            guard !running.isEmpty else { return fail("no transfer is running") }
            cancelNewestTransfer()
            return true
        }
        guard let transfer = running.last(where: { "\($0.id)" == argument || $0.name == argument }) else {
            let list = running.map { "\($0.id) \($0.name)" }.joined(separator: ", ")
            return fail(list.isEmpty ? "no transfer is running" : "running: \(list)")
        }
        ask(.cancelTransfer(id: transfer.id))
        return true
    }

    /// The answer of `/files`: newest first, with the numbers that `/get` takes.
    mutating func received(_ files: [FileLine], in name: RoomName) {
        guard rooms[name] != nil else { return }
        rooms[name]?.files = Array(files.prefix(ScreenLimits.filesMax))
        rooms[name]?.notes.listed = files
        if files.isEmpty { add(.local([Span("no files in \(called(name))", theme.dim)]), to: name) }
        for (index, file) in files.enumerated() {
            let fileName = VisibleText(file.name).value
            let rest = " · \(TransferProgress.size(Int64(file.bytes))) · \(VisibleText(file.user).value)"
            add(
                .local([Span("\(index + 1)  ", theme.dim), Span(fileName, theme.text), Span(rest, theme.dim)]), to: name
            )
        }
    }

    /// - Parameter text: a number of the last `/files`, or a name; the newest file of that name.
    private func file(_ text: String, in room: RoomModel) -> FileLine? {
        if let number = Int(text), room.notes.listed.indices.contains(number - 1) {
            return room.notes.listed[number - 1]
        }
        if let file = (room.files + room.notes.listed).first(where: { $0.name == text || $0.id == text }) {
            return file
        }
        return Int(text).flatMap { room.files.indices.contains($0 - 1) ? room.files[$0 - 1] : nil }
    }

    mutating func download(_ text: String, opens: Bool) -> Bool {
        guard let current, let room = rooms[current] else { return fail("no room yet: /join ROOM") }
        guard let file = file(text, in: room) else { return fail("no file \(text) is known here; /files lists them") }
        if opens { ledger.opening.insert(Self.openingKey(file.name, current)) }
        ask(.download(file, current))
        return true
    }

    private static func openingKey(_ name: String, _ room: RoomName) -> String { "\(room)/\(name)" }

    /// A file, a link, or the newest link of the room.
    mutating func open(_ argument: String?) -> Bool {
        if let argument {
            guard Self.isLink(argument[...]) else { return download(argument, opens: true) }
            ask(.open(argument))
            return true
        }
        guard let current, let room = rooms[current] else { return fail("no room yet: /join ROOM") }
        for line in room.log.lines.reversed() where !isHidden(line) {
            guard case .message(_, let body, _) = line.content else { continue }
            if let link = body.split(whereSeparator: \.isWhitespace).last(where: Self.isLink) {
                ask(.open(String(link)))
                return true
            }
        }
        return fail("no link here")
    }

    static func isLink(_ word: Substring) -> Bool { word.hasPrefix("https://") || word.hasPrefix("http://") }
}

extension TransferModel {
    var hasEnded: Bool {
        switch state {
        case .waiting, .running, .verifying, .retrying: false
        case .done, .failed, .cancelled: true
        }
    }
}
