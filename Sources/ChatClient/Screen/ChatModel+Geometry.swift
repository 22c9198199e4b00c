/// What scrolling has to know of the picture: it asks the view itself.
extension ChatModel {
    func places(in room: RoomModel) -> LogWindow { ChatView.window(of: room, in: self) }

    /// Rows of the log's part of the screen.
    var logRows: Int { max(1, ChatView.layout(of: self).log.rows) }
}
