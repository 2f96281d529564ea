import Intake
import Store
import Telemetry

/// What operators are told of stored batches that could not be read: a line each in the log, the sum in
/// health and metrics. Health names numbers and no projects, since anybody may ask for it.
struct StoredBatchReport {
  static let part = "stored_batches"

  private let unreadable: [UnreadableBatch]

  init(of store: Store) { unreadable = store.unreadable }
  init(_ unreadable: [UnreadableBatch]) { self.unreadable = unreadable }

  /// Events that are missing for certain; batches whose rows do not tell count as none.
  private var events: Int { unreadable.reduce(0) { $0 + ($1.events ?? 0) } }

  func tell(_ log: Log, _ health: HealthBoard) {
    for batch in unreadable.prefix(Self.mostNamed) {
      log.about(project: batch.project).error(
        "a stored batch cannot be read; it is set aside, and its events are in no answer",
        [
          "batch": .text("\(batch.number)"),
          "events": .text(batch.events.map { "\($0)" } ?? "unknown"),
          "reason": .text(batch.reason),
        ])
    }
    if unreadable.count > Self.mostNamed {
      log.error(
        "further stored batches cannot be read",
        ["batches": .integer(unreadable.count - Self.mostNamed)])
    }
    if let detail { health.update { $0.set(Self.part, .degraded, detail) } }
  }

  /// Nil where everything can be read.
  var detail: String? {
    if unreadable.isEmpty { return nil }
    let batches = unreadable.count == 1 ? "1 stored batch" : "\(unreadable.count) stored batches"
    let isExact = unreadable.allSatisfy { $0.events != nil }
    let numbers = unreadable.prefix(Self.mostNamed).map { "\($0.number)" }.joined(separator: ", ")
    let more = unreadable.count > Self.mostNamed ? ", …" : ""
    return
      "\(batches) cannot be read (\(numbers)\(more)): \(isExact ? "" : "at least ")\(events) events "
      + "are missing from answers"
  }

  func declare(in registry: MetricRegistry) {
    let (batches, events) = (Double(unreadable.count), Double(events))
    registry.gauge(
      "tributary_unreadable_batches", "Stored batches that could not be read and are set aside."
    ) { batches }
    registry.gauge(
      "tributary_unreadable_events",
      "Events of those batches, as far as their rows tell: answers lack them."
    ) { events }
  }

  private static let mostNamed = 20
}
