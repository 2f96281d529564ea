import Events
import Intake
import Platform
import Spool
import Synchronization

/// The spool as intake sees it.
final class SpoolSink: EventSink {
  private let spool: Spool
  private let clock: any Clock
  /// While the spool is known to be full, requests are refused before their bodies are read.
  private let fullUntil = Atomic<UInt64>(0)

  /// Room may come back with the next acknowledgement: look again soon.
  private static let memory: UInt64 = 200_000_000

  init(_ spool: Spool, clock: any Clock) {
    self.spool = spool
    self.clock = clock
  }

  var refusal: IntakeRefusal? {
    let until = fullUntil.load(ordering: .relaxed)
    guard until != 0, clock.monotonicNanoseconds < until else { return nil }
    return Self.full(.seconds(1))
  }

  /// Nothing is refused here: who was erased, and what is too old, the aggregator knows.
  func append(
    _ events: EventList, project: ProjectID
  ) async throws(IntakeRefusal) -> [RefusedEvent] {
    do throws(SpoolError) {
      try await spool.append(events.bytes, ends: events.ends, project: project)
      return []
    } catch {
      switch error {
      case .full(let retryAfter):
        fullUntil.store(clock.monotonicNanoseconds &+ Self.memory, ordering: .relaxed)
        throw Self.full(retryAfter)
      case .draining(let retryAfter):
        throw IntakeRefusal(
          status: 503, code: "spool_draining",
          message: "The collector's disk has failed too often: no events are taken for now.",
          retryAfter: retryAfter)
      case .stopping:
        throw IntakeRefusal(
          status: 503, code: "stopping", message: "The collector is stopping.",
          retryAfter: .seconds(5))
      case .failed, .locked, .networkFileSystem, .newerSchema:
        throw IntakeRefusal(
          status: 503, code: "spool_failed", message: "The collector's disk does not take events.",
          retryAfter: .seconds(5))
      }
    }
  }

  private static func full(_ retryAfter: Duration) -> IntakeRefusal {
    IntakeRefusal(
      status: 503, code: "spool_full", message: "The collector's spool is full: try again later.",
      retryAfter: retryAfter)
  }
}
