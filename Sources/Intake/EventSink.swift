package import Events

/// Where accepted events go: the collector's spool, or the aggregator's own commit.
package protocol EventSink: Sendable {
  /// Why nothing would be taken at the moment; nil where it would. It is asked before a request's
  /// body is read, so it has to be cheap, and may be wrong either way.
  var refusal: IntakeRefusal? { get }

  /// Returns once the events are on disk, with those of them that are not taken for what they are.
  func append(
    _ events: EventList, project: ProjectID
  ) async throws(IntakeRefusal) -> [RefusedEvent]
}

/// A well-formed event that its sink does not take: of a person that was erased, say.
package struct RefusedEvent: Equatable, Sendable {
  /// Its place among the events that the sink was given.
  package let row: Int
  package let code: String
  package let reason: String

  package init(row: Int, code: String, reason: String) {
    self.row = row
    self.code = code
    self.reason = reason
  }
}

extension EventSink {
  package var refusal: IntakeRefusal? { nil }
}
