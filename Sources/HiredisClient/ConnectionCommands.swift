/// `AUTH`, with a user of the server's ACL or, without one, the default user.
public struct Auth: RedisCommand {
    public var username: String?
    public var password: String

    public init(username: String? = nil, password: String) {
        self.username = username
        self.password = password
    }

    public var arguments: RESPCommand {
        var command = RESPCommand("AUTH")
        if let username { command.append(username) }
        command.append(password)
        return command
    }

    public typealias Reply = Void
}

/// `SELECT`: the numbered database of this connection.
public struct Select: RedisCommand {
    public var database: Int

    public init(database: Int) { self.database = database }

    public var arguments: RESPCommand { RESPCommand("SELECT", String(database)) }

    public typealias Reply = Void
}

/// `CLIENT SETNAME`: how the connection appears in the server's `CLIENT LIST`.
public struct ClientSetName: RedisCommand {
    public var name: String

    public init(name: String) { self.name = name }

    public var arguments: RESPCommand { RESPCommand("CLIENT", "SETNAME", name) }

    public typealias Reply = Void
}

/// `EXISTS` of one key. As a read it is refused while the server loads its data, and answered while writes are refused.
public struct KeyExists: RedisCommand {
    public var key: String

    public init(key: String) { self.key = key }

    public var arguments: RESPCommand { RESPCommand("EXISTS", key) }

    public func decode(_ reply: RESPValue) throws(RedisError) -> Bool { try reply.int == 1 }
}

/// `PING`; fails with `.reply` `LOADING` while the server reads its data, and `MISCONF` while its disk is full.
public struct Ping: RedisCommand {
    public init() {}

    public var arguments: RESPCommand { RESPCommand("PING") }

    public typealias Reply = Void
}

/// `INFO server replication`: which server this is.
public struct InfoReplication: RedisCommand {
    public init() {}

    public var arguments: RESPCommand { RESPCommand("INFO", "server", "replication") }

    public func decode(_ reply: RESPValue) throws(RedisError) -> RedisServerInfo {
        var role: Substring?
        var replicationID: Substring?
        var runID: Substring = ""
        for line in try reply.text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("role:") { role = line.dropFirst("role:".count) }
            if line.hasPrefix("run_id:") { runID = line.dropFirst("run_id:".count) }
            if line.hasPrefix("master_replid:") { replicationID = line.dropFirst("master_replid:".count) }
        }
        guard let role, let replicationID else {
            throw RedisError(.protocolViolation, "INFO replication names no role or no master_replid.")
        }
        return RedisServerInfo(
            isReplica: role != "master", replicationID: String(replicationID), runID: String(runID))
    }
}

/// What a server says of itself when a link to it comes up.
public struct RedisServerInfo: Sendable, Hashable {
    public var isReplica: Bool
    /// `master_replid`: a new one after every failover and every restart without data, so positions need checking then.
    public var replicationID: String
    /// The server's process; empty where it does not say.
    public var runID: String

    public init(isReplica: Bool, replicationID: String, runID: String = "") {
        self.isReplica = isReplica
        self.replicationID = replicationID
        self.runID = runID
    }
}
