/// The buckets of a range, made once for a question, and which of them an instant falls into: for
/// counting many rows whose times come in any order.
///
/// The range is cut into cells of a power of two of milliseconds, shorter than a bucket. A cell
/// knows the bucket that it starts in, so that one comparison with that bucket's end is left.
package struct BucketTable: Sendable {
  package enum Problem: Error, Equatable {
    case tooManyBuckets(limit: Int)
  }

  /// In the place of an index: the instant is not in the range.
  package static let outside = UInt32.max

  package let bucket: Bucket
  package let zone: Zone
  package let range: Range<Instant>
  /// The start of each bucket that shares an instant with the range; the first may lie before it.
  package let starts: [Instant]

  /// The end of each bucket. The last is beyond all instants: the range ends first.
  private let ends: [Int64]
  private let cells: [UInt32]
  /// A cell has 2 to this power of milliseconds.
  private let shift: UInt64
  /// Whether a cell reaches into a third bucket, as where clocks are changed within an hour.
  private let isCrowded: Bool

  package init(
    _ bucket: Bucket, in range: Range<Instant>, of zone: Zone, limit: Int
  ) throws(Problem) {
    guard limit < Int(Self.outside), let starts = bucket.starts(in: range, of: zone, limit: limit)
    else { throw .tooManyBuckets(limit: limit) }
    self.bucket = bucket
    self.zone = zone
    self.range = range
    self.starts = starts
    ends = starts.dropFirst().map(\.milliseconds) + (starts.isEmpty ? [] : [.max])
    shift = Self.shift(of: bucket)
    (cells, isCrowded) = Self.cells(of: range, shift, ends)
  }

  package var count: Int { starts.count }

  /// Whether counts by quarters of an hour (of UTC) can be added up to these buckets.
  package var isOnQuarterHourGrid: Bool {
    zone.isOnQuarterHourGrid(in: range)
  }

  /// Where in `starts` the bucket is that holds the instant; nil outside the range.
  package func index(of instant: Instant) -> Int? {
    guard range.contains(instant) else { return nil }
    let milliseconds = instant.milliseconds
    let elapsed = UInt64(bitPattern: milliseconds &- range.lowerBound.milliseconds)
    var index = Int(cells[Int(elapsed >> shift)])
    while milliseconds >= ends[index] { index += 1 }
    return index
  }

  /// The same for many: each instant's index, or `outside`, to the same place of `indexes`, which
  /// must have as many.
  package func indexes(of instants: Span<Int64>, into indexes: inout MutableSpan<UInt32>) {
    precondition(indexes.count >= instants.count, "too few places for indexes")
    let (cells, ends, shift) = (cells.span, ends.span, shift)
    let first = range.lowerBound.milliseconds
    let width = UInt64(bitPattern: range.upperBound.milliseconds &- first)
    let isCrowded = isCrowded
    var row = 0
    while row < instants.count {
      // SAFETY: `row` is below both counts. What has elapsed is below the width, so its cell is one
      // of the table's; a cell's bucket has an end, and only the last of them, which is beyond the
      // range, is never passed.
      let instant = unsafe instants[unchecked: row]
      let elapsed = UInt64(bitPattern: instant &- first)
      var index = Self.outside
      if elapsed < width {
        index = unsafe cells[unchecked: Int(truncatingIfNeeded: elapsed >> shift)]
        index &+= unsafe instant >= ends[unchecked: Int(index)] ? 1 : 0
        while isCrowded, unsafe instant >= ends[unchecked: Int(index)] { index &+= 1 }
      }
      unsafe indexes[unchecked: row] = index
      row &+= 1
    }
  }

  /// Of the powers of two, the largest that is no longer than the shortest whole bucket.
  private static func shift(of bucket: Bucket) -> UInt64 {
    switch bucket {
    case .hour: 21  // 35 minutes
    case .day: 26  // 18 hours
    case .week: 29  // 6 days
    case .month: 31  // 24 days
    case .quarter: 32  // 49 days
    case .year: 34  // 198 days
    }
  }

  private static func cells(
    of range: Range<Instant>, _ shift: UInt64, _ ends: [Int64]
  ) -> (cells: [UInt32], isCrowded: Bool) {
    guard !ends.isEmpty else { return ([], false) }
    let first = range.lowerBound.milliseconds
    let width = UInt64(bitPattern: range.upperBound.milliseconds &- first)
    let count = (width - 1) >> shift + 1
    var cells: [UInt32] = []
    cells.reserveCapacity(Int(count))
    var isCrowded = false
    var index = 0
    for cell in 0..<count {
      let start = first &+ Int64(bitPattern: cell << shift)
      while ends[index] <= start { index += 1 }
      cells.append(UInt32(index))
      let end = start.saturatingAdding(1 << Int64(shift))
      if index + 1 < ends.count, ends[index + 1] < end { isCrowded = true }
    }
    return (cells, isCrowded)
  }
}
