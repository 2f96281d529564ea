package import HTTP
import Synchronization
package import Telemetry

/// What a server counts of each answer, by route and status.
package final class ServerMetrics: Sendable {
  private let requests: MetricFamily<Counter>
  /// The series at hand by route number and status, so that no request looks up a label.
  private let series = Mutex<[Int: Counter]>([:])

  package init(_ registry: MetricRegistry) {
    requests = registry.counters(
      "tributary_http_requests_total", "Requests answered, by route and status.",
      by: [.open("route"), "status"])
  }

  package func observe(_ request: Request, _ status: Int) {
    let key = request.route.number &* 1_000 &+ status
    let counter = series.withLock { series in
      if let known = series[key] { return known }
      let fresh = requests.with(request.route.pattern, "\(status)")
      series[key] = fresh
      return fresh
    }
    counter.add()
  }
}
