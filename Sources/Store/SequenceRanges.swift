/// Which event sequences of one collector's epoch and project have been committed: disjoint ranges in
/// order. Batches may come in any order, so there may be holes for a while.
package struct SequenceRanges: Equatable, Sendable {
  package private(set) var ranges: [ClosedRange<UInt64>] = []

  package init() {}

  init(_ ranges: [ClosedRange<UInt64>]) { for range in ranges { insert(range) } }

  /// The last sequence before the first hole; nil while the first event is missing.
  package var durableThrough: UInt64? {
    guard let first = ranges.first, first.lowerBound <= Self.first else { return nil }
    return first.upperBound
  }

  /// Sequences begin at 1.
  package static let first: UInt64 = 1

  /// Adds a range and returns those that it swallowed: rows to replace by the merged one.
  @discardableResult
  package mutating func insert(
    _ range: ClosedRange<UInt64>
  ) -> (merged: ClosedRange<UInt64>, swallowed: [ClosedRange<UInt64>]) {
    // Neighbours count as touching, without computing past either end of the numbers.
    func touches(_ other: ClosedRange<UInt64>) -> Bool {
      let isBefore = other.upperBound < range.lowerBound && range.lowerBound - other.upperBound > 1
      let isBehind = other.lowerBound > range.upperBound && other.lowerBound - range.upperBound > 1
      return !isBefore && !isBehind
    }
    let start = ranges.firstIndex(where: touches)
    guard let start else {
      let position = ranges.firstIndex { $0.lowerBound > range.upperBound } ?? ranges.count
      ranges.insert(range, at: position)
      return (range, [])
    }
    let end = ranges[start...].firstIndex { !touches($0) } ?? ranges.count
    let swallowed = Array(ranges[start..<end])
    let merged =
      min(
        range.lowerBound, swallowed[0].lowerBound)...max(
        range.upperBound, swallowed[swallowed.count - 1].upperBound)
    ranges.replaceSubrange(start..<end, with: [merged])
    return (merged, swallowed)
  }
}
