import Columns

/// Where the rows of one head stand in a section, and so which row each of the head's objects is.
package struct HeadRanks: Sendable {
  /// How many rows stand before each block; one more at the end.
  package internal(set) var before: [UInt32] = []
  /// Of a rare head: the place of each row in its block, row after row. Whoever wants those of a
  /// frequent head finds them in the codes of the block as quickly.
  package internal(set) var places: [UInt16]?

  /// A head with this share of the rows, or less, is rare.
  static let rareShare = 8

  /// The block of an object, which is one of the head's.
  package func block(ofObject object: Int) -> Int {
    var low = 0
    var high = before.count - 1
    while low + 1 < high {
      let middle = (low + high) / 2
      if Int(before[middle]) <= object { low = middle } else { high = middle }
    }
    return low
  }
}

/// The places of the rows of rare heads, while the rows of a section are counted.
struct RarePlaces {
  private var places: [UInt16]
  /// By head: where the place of its next row goes, and how far the one behind it is. Rows of other
  /// heads all go to the same end, unread.
  private var next: [Int]
  private var step: [Int]
  private var ranges: [Int: Range<Int>] = [:]

  /// `rows`: how many each head has, as the directory says.
  init(_ wanted: [Int], rows: [Int]) {
    let total = rows.reduce(0, +)
    var end = 0
    for head in wanted where rows[head] * HeadRanks.rareShare <= total {
      ranges[head] = end..<(end + rows[head])
      end += rows[head]
    }
    places = Array(repeating: 0, count: end + 1)
    next = Array(repeating: end, count: rows.count)
    step = Array(repeating: 0, count: rows.count)
    for (head, range) in ranges {
      next[head] = range.lowerBound
      step[head] = 1
    }
  }

  mutating func add(_ heads: Span<UInt32>) {
    if ranges.isEmpty { return }
    // A copy: what is lent by `self` would bar it from changing.
    let step = step
    Self.add(heads, step.span, to: &places, at: &next)
  }

  private static func add(
    _ heads: Span<UInt32>, _ step: Span<Int>, to places: inout [UInt16], at next: inout [Int]
  ) {
    let last = places.count - 1
    var places = places.mutableSpan
    var next = next.mutableSpan
    var row = 0
    while row < heads.count {
      let head = Int(heads[row])
      let place = next[head]
      // What the directory says may be damaged, and is compared only at the end.
      places[min(place, last)] = UInt16(truncatingIfNeeded: row)
      next[head] = place &+ step[head]
      row &+= 1
    }
  }

  func places(ofHead head: Int) -> [UInt16]? { ranges[head].map { Array(places[$0]) } }
}
