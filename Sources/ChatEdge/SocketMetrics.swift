import ServerKit
import WebSocketServer

/// Shows what the listener counts, read at each scrape.
enum SocketMetrics {
    static func register(_ listener: WebSocketListener, in registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String, _ value: @escaping @Sendable (WebSocketServerCounts) -> Int) {
            registry.counter(name, help) { [weak listener] in listener.map { value($0.counts) } ?? 0 }
        }
        registry.gauge("termchat_edge_sockets", "Connections, those still shaking hands included.") {
            [weak listener] in listener.map { Double($0.counts.connections) }
        }
        registry.gauge("termchat_edge_at_capacity", "1 while accepting waits for connections or descriptors.") {
            [weak listener] in listener.map { $0.isAtCapacity ? 1 : 0 }
        }
        counter("termchat_edge_capacity_pauses_total", "Times that accepting had to wait.") { $0.capacityPauses }
        counter("termchat_edge_accepts_total", "Connections accepted.") { $0.accepted }
        counter("termchat_edge_upgrades_total", "Connections upgraded to WebSocket.") { $0.upgraded }
        counter("termchat_edge_upgrades_refused_total", "HTTP requests answered with anything but 101.") { $0.refused }
        counter("termchat_edge_violations_total", "Connections closed for breaking RFC 6455 or a limit.") {
            $0.violations
        }
        counter("termchat_edge_pongs_missed_total", "Connections ended by a missed pong.") { $0.pongsMissed }
        counter("termchat_edge_overflows_total", "Connections reset because too much waited for them.") {
            $0.overflows
        }
    }
}
