import HTTP
import Synchronization
import Telemetry

/// Counts answers by route and status. The series of a pair is looked up by name once.
final class RequestCounters: Sendable {
  private struct Key: Hashable {
    let route: String
    let status: Int
  }

  private let family: MetricFamily<Counter>
  private let known = Mutex<[Key: Counter]>([:])

  init(_ registry: MetricRegistry) {
    family = registry.counters(
      "tributary_http_requests_total", "Requests answered, by route and status.",
      by: ["route", "status"])
  }

  func observe(_ request: Request, _ status: Int) {
    let key = Key(route: request.route, status: status)
    let counter = known.withLock { known in
      if let counter = known[key] { return counter }
      let fresh = family.with(key.route, "\(status)")
      known[key] = fresh
      return fresh
    }
    counter.add()
  }
}
