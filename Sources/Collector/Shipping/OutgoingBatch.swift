import Spool

/// A sealed batch that the aggregator has not acknowledged: its name, its numbers and its size.
struct OutgoingBatch: Equatable, Sendable {
  let key: BatchKey
  let firstSequence: Int64
  /// Zero for a gap.
  let count: Int
  /// The bytes that travel.
  let size: Int

  init(key: BatchKey, firstSequence: Int64, count: Int, size: Int) {
    self.key = key
    self.firstSequence = firstSequence
    self.count = count
    self.size = size
  }

  init(_ kept: SealedBatch) {
    self.init(
      key: kept.key, firstSequence: kept.firstSequence, count: kept.count, size: kept.size)
  }
}
