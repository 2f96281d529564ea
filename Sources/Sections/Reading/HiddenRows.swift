/// Rows of a section that no answer may see: those of people who were erased, until the section is
/// written anew without them. Rows lie by whose they are, so there are few ranges.
package struct HiddenRows: Equatable, Sendable {
  /// Ascending, none empty, and none that touches the next.
  package let ranges: [Range<Int>]

  package init(_ ranges: [Range<Int>] = []) {
    var joined: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = joined.last, range.lowerBound <= last.upperBound {
        joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        joined.append(range)
      }
    }
    self.ranges = joined
  }

  package var isEmpty: Bool { ranges.isEmpty }
  package var count: Int { ranges.reduce(0) { $0 + $1.count } }

  package func contains(_ row: Int) -> Bool {
    let place = first(endingBehind: row)
    return place < ranges.count && ranges[place].lowerBound <= row
  }

  /// Whether all of these rows are hidden.
  package func covers(_ rows: Range<Int>) -> Bool {
    let place = first(endingBehind: rows.lowerBound)
    return place < ranges.count && ranges[place].lowerBound <= rows.lowerBound
      && rows.upperBound <= ranges[place].upperBound
  }

  package func touches(_ rows: Range<Int>) -> Bool {
    let place = first(endingBehind: rows.lowerBound)
    return place < ranges.count && ranges[place].lowerBound < rows.upperBound
  }

  /// The parts of these rows that are hidden.
  package func parts(of rows: Range<Int>) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var place = first(endingBehind: rows.lowerBound)
    while place < ranges.count, ranges[place].lowerBound < rows.upperBound {
      parts.append(ranges[place].clamped(to: rows))
      place += 1
    }
    return parts
  }

  /// The place of the first range that ends behind a row.
  private func first(endingBehind row: Int) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound <= row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
