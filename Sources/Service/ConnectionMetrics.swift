import HTTP
import Synchronization
import Telemetry

extension MetricRegistry {
  /// What both programs tell about the connections of their servers.
  func addConnectionMetrics(of servers: [Server], _ slots: ConnectionSlots) {
    gauge("tributary_http_connections", "Open connections.") {
      Double(servers.reduce(0) { $0 + $1.connectionCount })
    }
    gauge(
      "tributary_http_unauthenticated_connections", "Open connections that have shown no key yet."
    ) { Double(slots.strangerCount) }
    counter(
      "tributary_http_connections_refused_total", "Connections closed because there were too many."
    ) { Double(servers.reduce(0) { $0 + $1.refusedConnections.load(ordering: .relaxed) }) }
    counter(
      "tributary_http_unauthenticated_refused_total",
      "Connections refused because too many had shown no key."
    ) { Double(slots.refusedStrangers.load(ordering: .relaxed)) }
    counter(
      "tributary_http_unauthenticated_displaced_total",
      "Resting connections without a key that were closed in favour of new ones."
    ) { Double(slots.displacedStrangers.load(ordering: .relaxed)) }
    counter("tributary_tls_handshakes_failed_total", "TLS handshakes that failed.") {
      Double(servers.reduce(0) { $0 + $1.failedHandshakes.load(ordering: .relaxed) })
    }
  }
}
