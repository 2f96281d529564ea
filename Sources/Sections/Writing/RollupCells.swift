/// How many rows of each head there are in each quarter of an hour: head after head, the quarters
/// ascending in each.
struct RollupCells {
  private(set) var quarters: [Int64] = []
  private(set) var counts: [Int64] = []

  /// Cells laid out as an array, where they are at most this much more than the rows.
  private static let mostCellsOfRow = 4
  private static let mostCells = 1 << 16

  init(heads: [UInt32], headCount: Int, cts: [Int64], within times: ClosedRange<Int64>) {
    let first = Self.quarter(of: times.lowerBound)
    let (span, isVast) = Self.quarter(of: times.upperBound).subtractingReportingOverflow(first)
    let most = max(Self.mostCells, cts.count * Self.mostCellsOfRow)
    if !isVast, span < most / headCount {
      count(heads, headCount, cts, first: first, width: Int(span) + 1)
    } else {
      countSparsely(heads, cts)
    }
  }

  private static func quarter(of time: Int64) -> Int64 {
    let (quotient, rest) = time.quotientAndRemainder(dividingBy: Rollup.cellMilliseconds)
    return rest < 0 ? quotient - 1 : quotient
  }

  private mutating func count(
    _ heads: [UInt32], _ headCount: Int, _ cts: [Int64], first: Int64, width: Int
  ) {
    var cells = [UInt32](repeating: 0, count: headCount * width)
    for row in cts.indices {
      cells[Int(heads[row]) &* width &+ Int(Self.quarter(of: cts[row]) &- first)] &+= 1
    }
    for head in 0..<headCount {
      for quarter in 0..<width where cells[head &* width &+ quarter] > 0 {
        quarters.append(first + Int64(quarter))
        counts.append(Int64(cells[head &* width &+ quarter]))
      }
    }
  }

  /// Few rows far apart: times that nobody believes.
  private mutating func countSparsely(_ heads: [UInt32], _ cts: [Int64]) {
    var cells = cts.indices.map { (head: heads[$0], quarter: Self.quarter(of: cts[$0])) }
    cells.sort { $0 < $1 }
    for index in cells.indices {
      if index > 0, cells[index] == cells[index - 1] {
        counts[counts.count - 1] += 1
      } else {
        quarters.append(cells[index].quarter)
        counts.append(1)
      }
    }
  }
}
