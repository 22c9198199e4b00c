public import ChatWire

/// Names one request of the application until it is answered.
struct RequestID: Hashable, Sendable {
    let number: Int
}

/// Something the application asks the edge, and on which connection it was asked.
struct Request: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case who(RoomName)
        case history(RoomName, ClientFrame.History.Direction, limit: Int)
        case rooms(limit: Int)
        case search(RoomName, text: String, before: Position?, limit: Int)
        case topic(RoomName, String)
        case direct(UserName, isGuest: Bool)
        case directs(limit: Int)
    }
    var kind: Kind
    var sentOn: LinkID?
}

enum Answer: Sendable, Equatable {
    case members([Member], count: Int)
    case history([Entry], more: Bool)
    case rooms([RoomListing])
    case found([Entry], more: Bool, before: Position?)
    case topic(Topic)
    case direct(RoomName, isGuest: Bool)
    case directs([DirectListing])
}

typealias RequestResult = Result<Answer, RequestError>

/// Why a request has no answer.
public enum RequestError: Error, Sendable, Equatable {
    /// The edge said no.
    case refused(ErrorFrame)
    /// The session ended first.
    case stopped(StopReason)
    /// More requests wait than a session keeps.
    case tooMany
}
