internal import Dialects
internal import Events
internal import Synchronization
internal import Telemetry

/// The metrics of intake with their series at hand, so that a request looks nothing up by name.
final class IntakeCounters: Sendable {
  private let metrics: IntakeMetrics
  private let latencies: [Dialect: Histogram]
  private let projects = Mutex<[ProjectID: IntakeMetrics.Project]>([:])

  init(_ metrics: IntakeMetrics) {
    self.metrics = metrics
    latencies = Dictionary(
      uniqueKeysWithValues: Dialect.allCases.map { ($0, metrics.latency(of: "\($0)")) })
  }

  func took(
    _ accepted: Int, rejected: Int, of project: ProjectID, _ dialect: Dialect, nanoseconds: UInt64
  ) {
    let series = projects.withLock { projects in
      if let known = projects[project] { return known }
      let fresh = metrics.project(project.text)
      projects[project] = fresh
      return fresh
    }
    if accepted > 0 { series.accepted.add(accepted) }
    if rejected > 0 { series.rejected.add(rejected) }
    latencies[dialect]?.observe(Int(clamping: nanoseconds))
  }

  func refused(_ code: String) { metrics.refused(code).add() }
}
