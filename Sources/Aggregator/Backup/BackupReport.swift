import Calendar
import Intake
import Platform
import Telemetry

/// What health and metrics say of backups.
struct BackupReport: Sendable {
  static let part = "backup"

  let board: BackupBoard

  func refresh(_ health: HealthBoard) {
    let (state, detail) = finding
    health.update { $0.set(Self.part, state, detail) }
  }

  private var finding: (HealthState, String?) {
    let state = board.current
    var words: [String] = []
    var isWell = true
    if let failure = state.failure {
      isWell = false
      words.append(
        "the backup of \(Instant(milliseconds: failure.at).rfc3339) was not made: "
          + failure.problem.sentence)
    }
    if let good = state.good, let age = board.age {
      words.append("the last good one is \(good.name), \(Self.words(age)) old")
      if good.missingPacks > 0 {
        isWell = false
        words.append("it lacks \(good.missingPacks) packs that the store itself lacks")
      }
      // One may take its time; two that are missing are a fault.
      if board.isScheduled, age > board.every.wholeMilliseconds * 2, !state.isRunning {
        isWell = false
        words.append("which is too old")
      }
    } else if board.isScheduled {
      words.append("there is no good one yet")
    }
    return (isWell ? .ok : .degraded, words.isEmpty ? nil : words.joined(separator: "; "))
  }

  private static func words(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1_000
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) days"
    }
  }

  func declare(in registry: MetricRegistry) {
    let board = board
    registry.gauge(
      "tributary_backup_last_timestamp_seconds",
      "The moment that the last good backup holds, in seconds since 1970."
    ) { board.current.good.map { Double($0.began) / 1_000 } }
    registry.gauge("tributary_backup_age_seconds", "The age of the last good backup.") {
      board.age.map { Double($0) / 1_000 }
    }
    registry.gauge("tributary_backup_bytes", "The size of the last good backup with its packs.") {
      board.current.good.map { Double($0.bytes) }
    }
    registry.gauge(
      "tributary_backup_copied_bytes", "What of it had to be copied, and was not there before."
    ) { board.current.good?.copied.map { Double($0) } }
    registry.gauge("tributary_backup_duration_seconds", "How long the last good backup took.") {
      board.current.good?.seconds
    }
    registry.gauge("tributary_backup_running", "1 while a backup is made.") {
      board.current.isRunning ? 1 : 0
    }
    registry.counter("tributary_backup_failures_total", "Backups that could not be made.") {
      Double(board.current.failures)
    }
  }
}
