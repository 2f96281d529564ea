/// Events in the order in which they were taken, as records back to back: what a request becomes, and
/// what the spool and the aggregator's intake are handed.
package struct EventList: Sendable, Equatable {
  package private(set) var bytes: [UInt8] = []
  /// Where each record ends.
  package private(set) var ends: [Int] = []
  /// Rows that came with the row behind them as one item of a request: an identify and its event.
  package private(set) var firstOfTwo: Set<Int> = []

  package init() {}

  /// Adopts records that exist already, as their bytes and ends; nil where the ends do not ascend to
  /// exactly the bytes. What is in the records is not looked at.
  package init?(adopting bytes: [UInt8], ends: [Int]) {
    var before = 0
    for end in ends {
      guard end > before else { return nil }
      before = end
    }
    guard before == bytes.count else { return nil }
    self.bytes = bytes
    self.ends = ends
  }

  package var count: Int { ends.count }
  package var isEmpty: Bool { ends.isEmpty }

  /// Where the record at `index` stands in `bytes`.
  @inline(__always)
  package func range(at index: Int) -> Range<Int> {
    (index == 0 ? 0 : ends[index - 1])..<ends[index]
  }

  /// The id of the record at `index`, without reading the rest of it.
  package func id(at index: Int) -> EventID {
    let start = range(at: index).lowerBound + 4
    let high = UInt64(bigEndian: EventRecordView.word(bytes.span, at: start))
    let low = UInt64(bigEndian: EventRecordView.word(bytes.span, at: start + 8))
    guard let id = EventID(high: high, low: low) else { preconditionFailure("no record") }
    return id
  }

  /// Appends one record.
  @inline(__always)
  package mutating func append(record: Span<UInt8>) {
    precondition(!record.isEmpty)
    unsafe record.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
  }

  /// Says that the last record and the next one are one item of a request.
  package mutating func pairLastWithNext() { firstOfTwo.insert(count - 1) }

  /// Appends all of `other`, whose items are nobody's matter any more.
  package mutating func append(_ other: EventList) {
    let start = bytes.count
    bytes.append(contentsOf: other.bytes)
    ends.append(contentsOf: other.ends.lazy.map { start + $0 })
  }

  /// Keeps the events in all other rows, without what they came with.
  package mutating func remove(rows: Set<Int>) {
    var kept = EventList()
    for row in 0..<count where !rows.contains(row) {
      kept.bytes.append(contentsOf: bytes[range(at: row)])
      kept.ends.append(kept.bytes.count)
    }
    self = kept
  }

  /// Keeps the first `count` events.
  package mutating func truncate(to count: Int) {
    guard count < ends.count else { return }
    let end = count == 0 ? 0 : ends[count - 1]
    bytes.removeLast(bytes.count - end)
    ends.removeLast(ends.count - count)
    if !firstOfTwo.isEmpty { firstOfTwo = firstOfTwo.filter { $0 < count } }
  }

  /// Forgets the events and keeps the memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}
