import HTTP
import Platform
import Telemetry

/// What a server counts of each answer, by route and status class.
struct ServerMetrics: Sendable {
  private let requests: MetricFamily<Counter>

  init(_ registry: MetricRegistry) {
    requests = registry.counters(
      "tributary_http_requests_total", "Requests answered, by route and status.",
      by: [.open("route"), "status"])
  }

  func observe(_ request: Request, _ status: Int) {
    requests.with(request.route, "\(status)").add()
  }
}
