import Intake
import Platform
import Store
import Telemetry

/// What health and metrics say about intake being shut after failures of the disk.
struct IntakeReport: Sendable {
  static let part = "intake"

  let store: Store
  let finding: IntakeFinding?

  /// Looked at when somebody asks.
  func refresh(_ health: HealthBoard) {
    guard let finding else { return }
    guard let rest = store.pauseRest else { return health.update { $0.set(Self.part, .ok) } }
    health.update { $0.set(Self.part, .degraded, Self.detail(finding.reason, rest)) }
  }

  static func detail(_ reason: IntakeFinding.Reason, _ rest: Duration) -> String {
    let seconds = Int((rest / .seconds(1)).rounded(.up))
    return switch reason {
    case .ends(let count):
      "refused for another \(seconds) s: the disk has failed \(count) times within ten minutes"
    case .unwritable(let problem):
      "refused for another \(seconds) s: the data folder cannot be written (\(problem))"
    }
  }

  func tell(_ log: Log) {
    guard let finding, let rest = store.pauseRest else { return }
    log.error(
      "the disk keeps failing: questions are answered, and intake is refused",
      ["reason": .text(Self.detail(finding.reason, rest))])
  }

  func declare(in registry: MetricRegistry, _ ends: FailedEndsFile) {
    registry.gauge(
      "tributary_intake_paused", "1 while intake is refused because the disk kept failing."
    ) { store.pauseRest == nil ? 0 : 1 }
    registry.gauge(
      "tributary_failed_ends",
      "How often this aggregator ended within ten minutes because its disk failed."
    ) { Double(ends.count) }
  }
}
