import ChatWire
import Foundation
import NIOCore
import TerminalUI

/// Uploads and downloads beside the chat. Each has a task, which the screen waits for when it ends.
extension FullScreen {
    /// Time without any progress before a transfer is given up.
    private static let patience = TimeAmount.minutes(10)

    func startUpload(of path: String, to room: RoomName, isTemporary: Bool) {
        let name = URL(fileURLWithPath: path).lastPathComponent
        let setup = setup
        start(TransferModel(id: nextTransfer(), isUpload: true, room: room, name: name)) { display in
            defer { if isTemporary { ScreenKeeper.removeTemporary(path) } }
            let server = try FileServer(setup.configuration)
            let file = try SourceFile(path: path)
            let key = TransferRecord.Key(
                server: server.address.description, room: room.value, user: server.user ?? "", file: file.identity)
            let record = isTemporary ? nil : setup.state.flatMap { TransferRecord(key, folder: $0.path) }
            let uploaded = try await UploadRun(
                server: server, room: room, file: file, record: record, display: display, patience: Self.patience
            ).run()
            return uploaded.filename
        }
    }

    func uploadText(_ text: String, to room: RoomName) {
        do {
            let path = try ScreenKeeper.temporaryFile(text, named: "paste.txt", in: setup.state?.path)
            startUpload(of: path, to: room, isTemporary: true)
        } catch {
            inbox.putUrgent(.failed("the paste cannot be written: \(Self.words(for: error))"))
        }
    }

    func startDownload(of file: FileLine, from room: RoomName) {
        let setup = setup
        start(TransferModel(id: nextTransfer(), isUpload: false, room: room, name: file.name)) { display in
            let run = DownloadRun(
                server: try FileServer(setup.configuration), room: room, display: display, patience: Self.patience)
            return try await run.run(file.id, output: nil).path
        }
    }

    private func nextTransfer() -> Int {
        transfersMade += 1
        return transfersMade
    }

    /// - Parameter carry: moves the bytes, and answers what is said when it is done.
    private func start(
        _ transfer: TransferModel, _ carry: @escaping @Sendable (ProgressDisplay) async throws -> String
    ) {
        let inbox = inbox
        inbox.putUrgent(.transfer(transfer))
        let display = ProgressDisplay { progress, note in
            var now = transfer
            now.doneBytes = progress.bytes
            now.totalBytes = progress.total
            now.rate = progress.rate ?? 0
            now.state = Self.state(note)
            inbox.putUrgent(.transfer(now))
        }
        transfers[transfer.id] = Task {
            var end = transfer
            do {
                end.state = .done(try await carry(display))
            } catch is CancellationError {
                end.state = .cancelled
            } catch {
                end.state = .failed(Self.words(for: error))
            }
            inbox.putUrgent(.transfer(end))
            self.transfers[transfer.id] = nil
        }
    }

    private static func state(_ note: String?) -> TransferModel.State {
        switch note {
        case nil: .running
        case "verifying": .verifying
        case let note?: .retrying(at: .now(), reason: note)
        }
    }
}
