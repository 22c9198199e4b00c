/// What scrolling has to know of the picture: what the view draws.
extension ChatModel {
    /// Rows of the log's part of the screen.
    var logRows: Int { max(1, ChatView.layout(of: self).log.rows) }
}
