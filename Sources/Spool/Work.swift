package import Events

/// Events that are lost, as the aggregator is told of them.
package struct Gap: Equatable, Sendable {
  package enum Reason: String, Sendable {
    /// Commits that had been acknowledged to clients are missing at the end of the log.
    case logCut = "log_cut"
    /// Bits of kept events have changed.
    case damaged
    /// The whole database could not be read.
    case databaseLost = "database_lost"
    /// Events that could not be shipped and were set aside.
    case quarantined
    /// Acknowledged events that an aggregator lacks which was set back, and that were let go of.
    case notKept = "not_kept"
  }

  /// The row, by which the gap is sealed and acknowledged.
  package let id: Int64
  /// The epoch in which the lost events had these numbers.
  package let epoch: Epoch
  package let sequence: Int64
  /// Nil where nobody knows.
  package let count: Int64?
  package let reason: String
  package let wallMilliseconds: Int64
}

/// What is to be sealed next: events of one project in order, or one gap, and the numbers that the
/// batch must carry. It is a view: taking it changes nothing, and sealing it twice is refused.
package struct Work: Equatable, Sendable {
  package enum Content: Equatable, Sendable {
    case events(EventBlock)
    case gap(Gap)
  }

  package let project: ProjectID
  package let epoch: Epoch
  package let batch: Int64
  /// The sequence of the first event; for a gap, of the first lost one.
  package let firstSequence: Int64
  package let content: Content
  /// When the first event came, milliseconds.
  package let received: Int64
  /// Events of this project that wait behind this.
  package let remaining: Int64
  let position: Int64

  package var count: Int {
    if case .events(let block) = content { block.count } else { 0 }
  }
}

/// The name of a sealed batch within the spool.
package struct BatchKey: Hashable, Sendable {
  package let project: ProjectID
  package let epoch: Epoch
  package let batch: Int64

  package init(project: ProjectID, epoch: Epoch, batch: Int64) {
    self.project = project
    self.epoch = epoch
    self.batch = batch
  }
}

/// A batch whose bytes are on disk, sent or not: what a restart goes on with.
package struct SealedBatch: Equatable, Sendable {
  package let key: BatchKey
  package let firstSequence: Int64
  /// Zero for a gap.
  package let count: Int
  package let size: Int
}
