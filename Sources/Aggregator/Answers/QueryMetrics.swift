import HTTP
import Platform
import Telemetry

/// What questions cost: by the kind of question, and by how they ended.
struct QueryMetrics: Sendable {
  let metrics: ReportMetrics

  func observe(_ query: StaticString, _ status: HTTPStatus, nanoseconds: UInt64) {
    let outcome = status.code < 400 ? "ok" : status.code < 500 ? "refused" : "failed"
    metrics.total(of: query.description, outcome).add()
    metrics.duration(of: query.description).observe(.nanoseconds(Int64(nanoseconds)))
  }
}
