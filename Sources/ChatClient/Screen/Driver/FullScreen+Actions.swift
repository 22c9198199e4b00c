import ChatWire
import Foundation
import NIOCore
import TerminalUI

/// What the model asks for, done. Nothing here waits: what takes time has a task and answers with an event.
extension FullScreen {
    func perform(_ action: ScreenAction, _ tasks: inout DiscardingTaskGroup) {
        switch action {
        case .send(let message): send(message)
        case .discard(let message): session.discard(message)
        case .join(let room): session.join(room, limit: setup.count)
        case .leave(let room): session.leave(room)
        case .markRead(let room, let position): session.markRead(room, upTo: position)
        case .typing(let room): session.typing(in: room)
        case .reconnect: session.reconnectNow()
        case .loadOlder, .search, .setTopic, .openDirect, .askDirects, .askWho, .askRooms, .askFiles:
            let (session, inbox, setup) = (session, inbox, setup)
            tasks.addTask(executorPreference: Self.elsewhere) {
                await ScreenRequest(action, session: session, setup: setup).answer(to: inbox)
            }
        case .completePath, .checkPath:
            let (keeper, inbox) = (keeper, inbox)
            tasks.addTask(executorPreference: Self.elsewhere) { await keeper.look(action, inbox) }
        case .upload(let path, let room): startUpload(of: ScreenKeeper.expanded(path), to: room, isTemporary: false)
        case .uploadText(let text, let room): uploadText(text, to: room)
        case .download(let file, let room): startDownload(of: file, from: room)
        case .cancelTransfer(let id): transfers[id]?.cancel()
        case .open(let target): open(target, &tasks)
        case .notify(let title, let body):
            let (title, body) = (VisibleText(title).value, VisibleText(body).value)
            terminal.write(TerminalSequence.notification(title: title, body: body, as: setup.notifications))
        case .bell: terminal.write(TerminalSequence.bell)
        case .setMouse(let isOn): terminal.setMouse(isOn)
        case .setTitle(let title): terminal.write(TerminalSequence.title(VisibleText(title).value))
        case .edit(let text): edit(text, &tasks)
        case .redraw: redraw()
        case .suspend: terminal.suspend()
        case .saveDraft(let room, let text): keeper.keep(.draft(room, text))
        case .saveInput(let text): keeper.keep(.input(text))
        case .saveRooms(let rooms): keeper.keep(.rooms(rooms))
        case .saveSettings: keeper.keep(.preferences(setup.preferences(of: model)))
        case .changeName(let name): end(.renamed(name))
        case .logout: end(.loggedOut)
        case .quit: end(.left)
        }
    }

    /// The terminal's thread must not wait for a file or a program.
    private static var elsewhere: any TaskExecutor { globalConcurrentExecutor }

    /// Why something did not work, in words for the hint line.
    static func words(for error: any Error) -> String {
        switch error {
        case SendError.invalid(let error): error.message
        case SendError.outboxFull: "too many messages wait already"
        default: CommandFailure(error).message ?? "it failed"
        }
    }

    /// A picture is drawn in the log where `chafa` is there; everything else is for the desktop's own opener.
    private func open(_ target: String, _ tasks: inout DiscardingTaskGroup) {
        let inbox = inbox
        let preview = PicturePreview(
            columns: max(10, model.columns / 2), rows: max(4, model.rows / 2), hasColors: setup.colors != .none,
            isASCII: model.glyphs == .ascii)
        tasks.addTask(executorPreference: Self.elsewhere) {
            if let lines = await preview.lines(of: target) {
                for line in lines { inbox.putUrgent(.answered(line)) }
            } else if await Opener.open(target) == false {
                inbox.putUrgent(.failed("nothing here opens it: \(VisibleText(target).value)"))
            }
        }
    }

    /// The editor has the terminal until it ends; what happens meanwhile waits in the inbox.
    private func edit(_ text: String, _ tasks: inout DiscardingTaskGroup) {
        let (terminal, inbox) = (terminal, inbox)
        let editor = ExternalEditor(folder: setup.state?.path)
        tasks.addTask(executorPreference: Self.elsewhere) {
            let edited = await terminal.lend { await editor.edit(text) }
            inbox.putUrgent(.edited(edited))
        }
    }
}
