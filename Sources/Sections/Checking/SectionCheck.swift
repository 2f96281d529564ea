import Columns
package import Compression

/// Reads everything that a section has, and compares whatever it says twice: bytes can be as they were
/// written and still be wrong, if a program was. Memory is that of a question about people.
package struct SectionCheck {
  let section: Section
  private let secret: ProjectSecret
  let decompressor: ZstdDecompressor

  package init(_ section: Section, of secret: ProjectSecret, _ decompressor: ZstdDecompressor) {
    self.section = section
    self.secret = secret
    self.decompressor = decompressor
  }

  /// Throws the first thing that is wrong; returns how many rows were found right.
  @discardableResult
  package func run() throws(SectionProblem) -> Int {
    try checkRows()
    try checkRawTimes()
    try section.ids(secret.ids).check(section, strays: try section.strays(secret.ids))
    try checkIdentities()
    let rows = try checkChanges(try section.ctxChanges())
    guard rows == section.rowCount else { throw .column("changes of ctx: rows") }
    try checkTable(try section.ctx())
    for head in section.heads.indices { try checkTable(try section.props(ofHead: head)) }
    return section.rowCount
  }

  /// The columns that have a value for each row: as many as there are rows, the heads as often as the
  /// directory and the rollup say, and times that ascend for each person, inside the window.
  private func checkRows() throws(SectionProblem) {
    let directory = section.directory
    let runs = try section.runs()
    var rollup = RollupTally(try section.rollup())
    var heads = try section.headCodes()
    var times = try section.times()
    var receipts = try section.receipts()
    var sources = try section.sourceCodes()
    var order = TimeOrder(runs.firstRows)
    for block in 0..<section.blockCount {
      let count = try heads.load(block)
      guard try times.load(block) == count, try receipts.load(block) == count,
        try sources.load(block) == count
      else { throw .column("rows of block \(block)") }
      let codes = heads.values.span
      let stamps = times.values.span
      try rollup.take(codes.extracting(first: count), stamps.extracting(first: count))
      try order.take(stamps.extracting(first: count))
    }
    guard rollup.isEven else { throw .column("rollup: sums") }
    guard order.row == section.rowCount, order.least == directory.times.lowerBound,
      order.most == directory.times.upperBound
    else { throw .directory("times") }
    if let range = directory.window.range {
      guard range.contains(order.least), range.contains(order.most) else {
        throw .directory("times outside the window")
      }
    }
  }

  private func checkRawTimes() throws(SectionProblem) {
    var last = -1
    for (row, _) in try section.rawTimes() {
      guard row > last, row < section.rowCount else { throw .column("raw times: rows") }
      last = row
    }
  }
}

/// Takes each row out of the cell of the rollup that counts it.
private struct RollupTally {
  private let rollup: Rollup
  private var left: [Int64]

  init(_ rollup: Rollup) {
    self.rollup = rollup
    left = rollup.counts
  }

  /// Nothing is left, and nothing was missing.
  var isEven: Bool { left.allSatisfy { $0 == 0 } }

  mutating func take(_ heads: Span<UInt32>, _ times: Span<Int64>) throws(SectionProblem) {
    let cell = Rollup.cellMilliseconds
    for index in heads.indices {
      let cells = rollup.cells(ofHead: Int(heads[index]))
      let (quotient, rest) = times[index].quotientAndRemainder(dividingBy: cell)
      let quarter = rest < 0 ? quotient - 1 : quotient
      var (low, high) = (cells.lowerBound, cells.upperBound)
      while low < high {
        let middle = (low + high) / 2
        if rollup.quarters[middle] < quarter { low = middle + 1 } else { high = middle }
      }
      guard low < cells.upperBound, rollup.quarters[low] == quarter, left[low] > 0 else {
        throw .column("rollup: a row without its cell")
      }
      left[low] -= 1
    }
  }
}

/// Sees that times never fall between one person's first row and last.
private struct TimeOrder {
  private let firstRows: Cells<UInt32>
  private var next = 0
  private var last = Int64.min
  private(set) var row = 0
  private(set) var least = Int64.max
  private(set) var most = Int64.min

  init(_ firstRows: Cells<UInt32>) { self.firstRows = firstRows }

  mutating func take(_ times: Span<Int64>) throws(SectionProblem) {
    for index in times.indices {
      // Each person has a row at least, so a row begins one person at most, or the rows of nobody.
      if next < firstRows.count, Int(firstRows[next]) == row {
        next += 1
        last = .min
      }
      guard times[index] >= last else { throw .column("times out of order in row \(row)") }
      last = times[index]
      least = min(least, last)
      most = max(most, last)
      row += 1
    }
  }
}
