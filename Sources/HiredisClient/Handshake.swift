/// What a new connection says before it is used: sign in, choose the database, and make sure of the server.
///
/// A replica is refused: PUBLISH succeeds there while writes fail, and a subscriber there hears a part of what is said.
/// The last command is a read: it fails while the server loads its data, so a link is up only when commands are carried
/// out. PING would not do: it answers MISCONF while the disk is full, when everything can still be read.
struct Handshake {
    private enum Step {
        case check(any RedisCommand, String)
        case identify
    }

    /// What to do after a reply.
    enum Received {
        case wait
        case finish(RedisServerInfo)
        /// Close the connection.
        case fail(RedisError)
    }

    private var steps: [Step] = []
    private var server: RedisServerInfo?

    init(_ settings: RedisSettings) {
        if let password = settings.password {
            steps.append(
                .check(Auth(username: settings.username, password: password), "refused the user or the password"))
        }
        if settings.database != 0 {
            steps.append(.check(Select(database: settings.database), "refused database \(settings.database)"))
        }
        if let name = settings.clientName {
            steps.append(.check(ClientSetName(name: name), "refused the connection's name"))
        }
        steps.append(.identify)
        steps.append(.check(KeyExists(key: settings.readinessKey), "does not let keys be read"))
    }

    /// All of it at once; the replies come in the same order.
    var commands: [RESPCommand] {
        steps.map { step in
            switch step {
            case .check(let command, _): command.arguments
            case .identify: InfoReplication().arguments
            }
        }
    }

    mutating func received(_ reply: RESPValue) -> Received {
        guard let step = steps.first else {
            return .fail(RedisError(.protocolViolation, "The server sent more replies than there were commands."))
        }
        steps.removeFirst()
        switch step {
        case .check(_, let refusal):
            if case .error(let message) = reply { return .fail(failure(refusal, message)) }
        case .identify:
            if case .error(let message) = reply { return .fail(failure("does not say what it is", message)) }
            do throws(RedisError) { server = try InfoReplication().decode(reply) } catch { return .fail(error) }
        }
        guard steps.isEmpty, let server else { return .wait }
        guard !server.isReplica else {
            return .fail(RedisError(.disconnected, "The server is a replica; name the master."))
        }
        return .finish(server)
    }

    private func failure(_ refusal: String, _ message: String) -> RedisError {
        RedisError(.disconnected, "The server \(refusal).", cause: RedisError(.reply, message))
    }
}
