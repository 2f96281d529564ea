package import Events

/// Where accepted events go: the collector's spool, or the aggregator's own commit.
package protocol EventSink: Sendable {
  /// Why nothing would be taken at the moment; nil where it would. It is asked before a request's
  /// body is read, so it has to be cheap, and may be wrong either way.
  var refusal: IntakeRefusal? { get }

  /// Returns once the events are on disk.
  func append(_ events: EventList, project: ProjectID) async throws(IntakeRefusal)
}

extension EventSink {
  package var refusal: IntakeRefusal? { nil }
}
