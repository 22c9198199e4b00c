import ArgumentParser
import Foundation

/// `termchat-bench`: loads servers on this machine with connections and messages, and checks every delivery.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "termchat-bench",
        abstract: "Load chat servers, check every delivery, and report latency and CPU per delivery.",
        discussion: """
            Messages are sent at fixed times whatever the server does (open loop), and latency counts from the time a \
            message was due. Every connection checks ids and prev. An edge limits the sends of one connection: start \
            it with a high --sends-per-second, or use many publishers. Exit status 1 where a delivery is missing, \
            doubled or out of order.
            """)

    @Option(help: "A server, ws://ADDRESS:PORT; several share the connections.") var server: [String] = [
        "ws://127.0.0.1:8080"
    ]
    @Option(help: "The path of the upgrade.") var path = "/ws"
    @Option(help: "termchat, or bare: no hello or join, messages go to every connection.") var `protocol` = "termchat"
    @Option(help: "A token for hello (TERMCHAT_TOKEN).") var token: String?
    @Option(help: "Connections.") var connections = 1000
    @Option(help: "Further connections that join and never read.") var stuck = 0
    @Option(help: "Rooms; connections are dealt out to them in turn.") var rooms = 1
    @Option(help: "Connections that publish.") var publishers = 1
    @Option(help: "Messages per second over all publishers.") var rate = 100.0
    @Option(help: "Bytes of a body, at least 16.") var bodyBytes = 64
    @Option(help: "Connections opened per second.") var ramp = 2000
    @Option(help: "Seconds before anything is measured.") var warmup = 2.0
    @Option(help: "Seconds measured.") var duration = 10.0
    @Option(help: "Threads of this program.") var threads = 1
    @Option(help: "Take the latency of one delivery in so many (default: about 20,000 a second).") var sample: Int?
    @Option(help: "Processes to report CPU time and memory of, with commas between them.") var pids = ""
    @Flag(help: "Only connect and join; report memory per connection.") var idle = false
    @Flag(help: "One JSON object.") var json = false

    func run() throws {
        let plan = try plan()
        let pids = try pids.split(separator: ",").map { text in
            guard let pid = Int32(text) else { throw ValidationError("--pids are numbers with commas between them.") }
            return pid
        }
        let report: Report
        do {
            report = try BenchRun(plan: plan, pids: pids).run()
        } catch {
            FileHandle.standardError.write(Data("termchat-bench: \(error)\n".utf8))
            throw ExitCode(1)
        }
        print(json ? report.json : report.text)
        if !report.isClean { throw ExitCode(1) }
    }

    private func plan() throws -> Plan {
        let targets = try server.map { url in
            guard let target = Target(url: url) else { throw ValidationError("--server is ws://IPV4-ADDRESS:PORT.") }
            return target
        }
        guard (1...BenchLimits.connectionsMax).contains(connections), (1...connections).contains(rooms),
            (0...BenchLimits.connectionsMax).contains(stuck),
            (1...connections).contains(publishers), (1...min(connections, BenchLimits.threadsMax)).contains(threads)
        else {
            throw ValidationError(
                "--connections is at most \(BenchLimits.connectionsMax); rooms, publishers and threads are no more.")
        }
        guard (0...BenchLimits.rateMax).contains(rate), (16...8192).contains(bodyBytes), ramp > 0, warmup >= 0,
            duration > 0, .seconds(warmup + duration) <= BenchLimits.durationMax, sample ?? 1 > 0
        else { throw ValidationError("--rate, --body-bytes (16 to 8192), --ramp or the times are out of range.") }
        let dialect: Plan.Dialect
        switch `protocol` {
        case "termchat": dialect = .termchat
        case "bare" where publishers == 1 && rooms == 1: dialect = .bare
        case "bare": throw ValidationError("--protocol bare takes one room and one publisher, which writes the ids.")
        default: throw ValidationError("--protocol is termchat or bare.")
        }
        let perSecond = rate * Double(connections) / Double(rooms)
        return Plan(
            targets: targets, path: path, dialect: dialect,
            token: token ?? ProcessInfo.processInfo.environment["TERMCHAT_TOKEN"], connections: connections,
            stuck: stuck,
            rooms: rooms,
            publishers: publishers, rate: idle ? 0 : rate, bodyBytes: bodyBytes, ramp: ramp, warmup: .seconds(warmup),
            duration: .seconds(duration), threads: threads, sampleEvery: sample ?? max(1, Int(perSecond / 20_000)))
    }
}
