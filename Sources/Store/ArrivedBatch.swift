package import Batches
package import Crypto
package import Events

/// A batch that was verified and decoded, on its way into the store.
package struct ArrivedBatch: Sendable {
  package let project: ProjectID
  /// The name of the collector that sent it.
  package let source: String
  /// Where it stands among the collector's batches; nil for one made here, which nobody sends again.
  package let origin: BatchOrigin?
  /// The sealed bytes as they came: what the store keeps.
  package let bytes: [UInt8]
  package let columns: BatchColumns
  /// Rows that were read and are not accepted.
  package let rejected: [RejectedRow]
  package let received: Int64
  /// How far the collector's clock is off, where that matters; milliseconds to add.
  package let clockShift: Int64

  package init(
    project: ProjectID, source: String, origin: BatchOrigin?, bytes: [UInt8],
    columns: BatchColumns, rejected: [RejectedRow] = [], received: Int64, clockShift: Int64 = 0
  ) {
    self.project = project
    self.source = source
    self.origin = origin
    self.bytes = bytes
    self.columns = columns
    self.rejected = rejected
    self.received = received
    self.clockShift = clockShift
  }
}

/// The place of a batch in what its collector sends.
package struct BatchOrigin: Hashable, Sendable {
  package let epoch: Epoch
  package let number: UInt64
  package let sequences: ClosedRange<UInt64>
  /// SHA-256 of the signed header: the same batch has the same.
  package let digest: Digest

  package init(
    epoch: Epoch, number: UInt64, sequences: ClosedRange<UInt64>, digest: Digest
  ) {
    self.epoch = epoch
    self.number = number
    self.sequences = sequences
    self.digest = digest
  }
}

package struct RejectedRow: Equatable, Sendable {
  package let row: Int
  package let code: String
  package let reason: String

  package init(row: Int, code: String, reason: String) {
    self.row = row
    self.code = code
    self.reason = reason
  }

  /// The same of a list in which the row stands elsewhere.
  package func moved(by rows: Int) -> RejectedRow {
    RejectedRow(row: row + rows, code: code, reason: reason)
  }
}

/// A range of sequences that a collector has lost and says so.
package struct ArrivedGap: Sendable {
  package let project: ProjectID
  package let source: String
  package let origin: BatchOrigin
  package let gap: BatchHeader.Gap
  package let received: Int64

  package init(
    project: ProjectID, source: String, origin: BatchOrigin, gap: BatchHeader.Gap, received: Int64
  ) {
    self.project = project
    self.source = source
    self.origin = origin
    self.gap = gap
    self.received = received
  }
}

/// What a commit came to. It is on disk when anybody sees this.
package struct CommitOutcome: Equatable, Sendable {
  package enum Status: Equatable, Sendable { case committed, partial, duplicate }

  package let status: Status
  package let accepted: Int
  package let duplicates: Int
  package let rejected: [RejectedRow]
  /// The end of the contiguous sequences of this collector, epoch and project.
  package let durableThrough: UInt64?

  package init(
    status: Status, accepted: Int, duplicates: Int, rejected: [RejectedRow],
    durableThrough: UInt64?
  ) {
    self.status = status
    self.accepted = accepted
    self.duplicates = duplicates
    self.rejected = rejected
    self.durableThrough = durableThrough
  }
}

package enum StoreError: Error, Equatable {
  /// The hot tier holds as many events as it may; the number is the limit.
  case full(limit: Int)
  /// More waits for the disk than may: nothing was stored, a later attempt may succeed.
  case busy(StoreInbox.Limits)
  /// The disk has failed too often of late: nothing is taken for so many seconds, questions are answered.
  case paused(seconds: Int)
  /// The disk is full: nothing was stored, questions are answered, a later attempt may succeed.
  case diskFull
  /// Another batch was committed under this number: two collectors share one identity.
  case epochForked
  /// The disk failed, and the program has to end; the next start reads what is there.
  case failed(StoreFailure)
  /// The store is ending.
  case stopped
  /// A file of the store, or a row of it, cannot be read.
  case damaged(String)
  /// The files were written by a later version of the program.
  case newerFormat(String)
}
