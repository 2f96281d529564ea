package import HTTP
import Synchronization
package import Telemetry

/// What a server counts of each answer, by route and status.
package final class ServerMetrics: Sendable {
  private let requests: MetricFamily<Counter>
  /// The series at hand by server, route number and status, so that no request looks up a label.
  /// (Servers number their routes each for itself.)
  private let series = Mutex<[Int: Counter]>([:])

  package init(_ registry: MetricRegistry) {
    requests = registry.counters(
      "tributary_http_requests_total", "Requests answered, by route and status.",
      by: [.open("route"), "status"])
  }

  package func observe(_ request: Request, _ status: Int, of server: Int) {
    let key = (server &* 1_000 &+ request.route.number) &* 1_000 &+ status
    let counter = series.withLock { series in
      if let known = series[key] { return known }
      let fresh = requests.with(request.route.pattern, "\(status)")
      series[key] = fresh
      return fresh
    }
    counter.add()
  }
}
