package import Events

/// How far one project is in the epoch at hand: what a hello tells the aggregator.
package struct SpoolPosition: Equatable, Sendable {
  package let project: ProjectID
  package let epoch: Epoch
  /// The last batch number that was sealed and the last sequence that was given; 0 is none.
  package let lastBatch: Int64
  package let lastSequence: Int64
  /// What the aggregator has said it has.
  package let durableThrough: Int64

  package init(
    project: ProjectID, epoch: Epoch, lastBatch: Int64, lastSequence: Int64, durableThrough: Int64
  ) {
    self.project = project
    self.epoch = epoch
    self.lastBatch = lastBatch
    self.lastSequence = lastSequence
    self.durableThrough = durableThrough
  }
}

extension SpoolStore {
  func positions() -> [SpoolPosition] {
    ledgers.map { ledger in
      SpoolPosition(
        project: ledger.project, epoch: epoch, lastBatch: ledger.nextBatch - 1,
        lastSequence: max(0, ledger.next - 1 - ledger.offset),
        durableThrough: ledger.durableThrough)
    }
  }
}
