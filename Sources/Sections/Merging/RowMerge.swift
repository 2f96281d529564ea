import Columns
import Events

/// Merges what every row has: its head, its time, when and by whom it was brought.
struct RowMerge {
  private let inputs: [MergeInput]
  private let order: RowOrder
  /// Every head that a row of the result has, the most frequent first, and how many rows.
  private(set) var heads: [EventHead] = []
  private(set) var headRows: [Int] = []
  /// By head: the order of its rows.
  private(set) var headOrders: [RowOrder] = []
  private(set) var sources: [String] = []
  private(set) var times: ClosedRange<Int64> = 0...0
  /// By input: the head of each of its codes, nil where no row is left.
  private(set) var headCodes: [[UInt32?]] = []
  private var sourceCodes: [[UInt32?]] = []
  /// Cells of the rows that are left out.
  private var droppedCells: [Cell: Int64] = [:]

  private struct Cell: Hashable {
    let input: Int
    let head: UInt32
    let quarter: Int64
  }

  init(_ inputs: [MergeInput], order: RowOrder) {
    self.inputs = inputs
    self.order = order
  }

  mutating func run(
    _ directory: inout SectionDirectory, into stream: inout ExtentStream
  ) throws(SectionProblem) {
    try countHeads()
    try countSources()
    directory.heads = heads
    directory.headRows = headRows
    directory.sources = sources
    directory[.heads] = try codes(
      limit: heads.count, headCodes,
      of: { input throws(SectionProblem) in try input.section.headCodes() },
      &stream)
    directory[.sources] = try codes(
      limit: sources.count, sourceCodes,
      of: { input throws(SectionProblem) in try input.section.sourceCodes() }, &stream)
    directory[.times] = try integers(
      { input throws(SectionProblem) in try input.section.times() }, noting: true, &stream)
    directory.times = times
    directory[.receipts] = try integers(
      { input throws(SectionProblem) in try input.section.receipts() }, noting: false, &stream)
    try rawTimes(&directory, &stream)
    try rollup(&directory, &stream)
  }

  // MARK: Heads and sources

  private mutating func countHeads() throws(SectionProblem) {
    var numbers: [EventHead: Int] = [:]
    var known: [EventHead] = []
    var orders: [RowOrder] = []
    // By input and code: the number of the head and one, as far as met.
    var found = inputs.map { [Int](repeating: 0, count: $0.directory.heads.count) }
    var heads: [ColumnFeed<CodeCursor>] = []
    var times: [ColumnFeed<IntegerCursor>] = []
    for input in inputs {
      heads.append(ColumnFeed(try input.section.headCodes()))
      times.append(ColumnFeed(try input.section.times()))
    }
    var codes: [UInt32] = []
    var stamps: [Int64] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      codes.removeAll(keepingCapacity: true)
      try heads[step.input].take(step.count, into: &codes)
      if step.kind == .drop {
        stamps.removeAll(keepingCapacity: true)
        try times[step.input].take(step.count, into: &stamps)
        for index in codes.indices {
          let cell = Cell(
            input: step.input, head: codes[index], quarter: Rollup.quarter(of: stamps[index]))
          droppedCells[cell, default: 0] += 1
        }
      } else {
        times[step.input].skip(step.count)
      }
      var index = 0
      while index < codes.count {
        let code = codes[index]
        var end = index + 1
        while end < codes.count, codes[end] == code { end &+= 1 }
        var number = found[step.input][Int(code)]
        if number == 0 {
          let head = inputs[step.input].directory.heads[Int(code)]
          if let same = numbers[head] {
            number = same + 1
          } else {
            numbers[head] = known.count
            known.append(head)
            orders.append(RowOrder())
            number = known.count
          }
          found[step.input][Int(code)] = number
        }
        orders[number &- 1].append(step.input, step.kind, end &- index)
        index = end
      }
    }
    settle(known, &orders, found)
  }

  private mutating func settle(_ known: [EventHead], _ orders: inout [RowOrder], _ found: [[Int]]) {
    let ranked = known.indices.filter { orders[$0].taken > 0 }.sorted {
      orders[$0].taken != orders[$1].taken ? orders[$0].taken > orders[$1].taken : $0 < $1
    }
    var codes = [UInt32?](repeating: nil, count: known.count)
    for (code, head) in ranked.enumerated() { codes[head] = UInt32(code) }
    heads = ranked.map { known[$0] }
    headRows = ranked.map { orders[$0].taken }
    headCodes = found.map { $0.map { $0 == 0 ? nil : codes[$0 - 1] } }
    for head in ranked {
      orders[head].finish()
      headOrders.append(orders[head])
      orders[head] = RowOrder()
    }
  }

  private mutating func countSources() throws(SectionProblem) {
    sourceCodes = inputs.map { Array(repeating: nil, count: $0.directory.sources.count) }
    var feeds: [ColumnFeed<CodeCursor>] = []
    for input in inputs { feeds.append(ColumnFeed(try input.section.sourceCodes())) }
    var codes: [UInt32] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      if step.kind == .drop {
        feeds[step.input].skip(step.count)
        continue
      }
      codes.removeAll(keepingCapacity: true)
      try feeds[step.input].take(step.count, into: &codes)
      for code in codes where sourceCodes[step.input][Int(code)] == nil {
        let name = inputs[step.input].directory.sources[Int(code)]
        var number = sources.firstIndex { $0.utf8.elementsEqual(name.utf8) }
        if number == nil {
          number = sources.count
          sources.append(name)
        }
        sourceCodes[step.input][Int(code)] = number.map { UInt32($0) }
      }
    }
  }

  private func codes(
    limit: Int, _ numbers: [[UInt32?]],
    of cursor: (MergeInput) throws(SectionProblem) -> CodeCursor, _ stream: inout ExtentStream
  ) throws(SectionProblem) -> ColumnPlace {
    var feeds: [ColumnFeed<CodeCursor>] = []
    for input in inputs { feeds.append(ColumnFeed(try cursor(input))) }
    let numbers = numbers.map { $0.map { $0 ?? 0 } }
    var encoder = CodeBlocks.Encoder(limit: limit)
    var place = ColumnPlace()
    var values: [UInt32] = []
    var steps = order.steps
    while let step = steps.nextStep() {
      if step.kind == .drop {
        feeds[step.input].skip(step.count)
        continue
      }
      values.removeAll(keepingCapacity: true)
      try feeds[step.input].take(step.count, into: &values)
      for index in values.indices { values[index] = numbers[step.input][Int(values[index])] }
      encoder.append(values.span)
      try stream.place(encoder.takePieces(), in: &place)
    }
    try stream.finish(encoder.finish(), in: &place)
    return place
  }

  // MARK: Times

  private mutating func integers(
    _ cursor: (MergeInput) throws(SectionProblem) -> IntegerCursor, noting isTime: Bool,
    _ stream: inout ExtentStream
  ) throws(SectionProblem) -> ColumnPlace {
    var feeds: [ColumnFeed<IntegerCursor>] = []
    for input in inputs { feeds.append(ColumnFeed(try cursor(input))) }
    var encoder = IntegerBlocks.Encoder()
    var place = ColumnPlace()
    var values: [Int64] = []
    var (least, most) = (Int64.max, Int64.min)
    var steps = order.steps
    while let step = steps.nextStep() {
      if step.kind == .drop {
        feeds[step.input].skip(step.count)
        continue
      }
      values.removeAll(keepingCapacity: true)
      try feeds[step.input].take(step.count, into: &values)
      if isTime {
        for value in values {
          least = min(least, value)
          most = max(most, value)
        }
      }
      encoder.append(values.span)
      try stream.place(encoder.takePieces(), in: &place)
    }
    if isTime { times = least...most }
    try stream.finish(encoder.finish(), in: &place)
    return place
  }

  /// The rows whose client said another time.
  private func rawTimes(
    _ directory: inout SectionDirectory, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    guard inputs.contains(where: { !$0.directory[.rawRows].head.isEmpty }) else { return }
    var feeds: [(rows: ColumnFeed<IntegerCursor>, times: ColumnFeed<IntegerCursor>)?] = []
    for input in inputs {
      guard !input.directory[.rawRows].head.isEmpty else {
        feeds.append(nil)
        continue
      }
      let rows = try IntegerCursor(input.directory[.rawRows], of: input.section.source)
      let times = try IntegerCursor(input.directory[.rawTimes], of: input.section.source)
      guard rows.count == times.count else { throw .column("raw times") }
      feeds.append((ColumnFeed(rows), ColumnFeed(times)))
    }
    var encoders = (rows: IntegerBlocks.Encoder(), times: IntegerBlocks.Encoder())
    var places = (rows: ColumnPlace(), times: ColumnPlace())
    var count = 0
    var next = inputs.map { _ in 0 }
    var row = 0
    var steps = order.steps
    while let step = steps.nextStep() {
      let first = next[step.input]
      next[step.input] += step.count
      defer { if step.kind != .drop { row += step.count } }
      guard let feed = feeds[step.input] else { continue }
      while !feed.rows.isAtEnd {
        let raw = try feed.rows.peek()
        guard raw < Int64(next[step.input]) else { break }
        guard raw >= Int64(first) else { throw .column("raw times") }
        feed.rows.skip(1)
        let time = try feed.times.next()
        if step.kind == .drop { continue }
        let (rows, times) = ([Int64(row) + raw - Int64(first)], [time])
        encoders.rows.append(rows.span)
        encoders.times.append(times.span)
        count += 1
      }
      try stream.place(encoders.rows.takePieces(), in: &places.rows)
      try stream.place(encoders.times.takePieces(), in: &places.times)
    }
    if count == 0 { return }
    try stream.finish(encoders.rows.finish(), in: &places.rows)
    try stream.finish(encoders.times.finish(), in: &places.times)
    directory[.rawRows] = places.rows
    directory[.rawTimes] = places.times
  }

  // MARK: Rollup

  /// The cells of the inputs added up, less those of the rows that are left out.
  private func rollup(
    _ directory: inout SectionDirectory, _ stream: inout ExtentStream
  ) throws(SectionProblem) {
    var feeds: [RollupFeed] = []
    for input in inputs { feeds.append(try RollupFeed(input)) }
    var cells = IntegerBlocks.Encoder()
    var counts = IntegerBlocks.Encoder()
    var places = (cells: ColumnPlace(), counts: ColumnPlace())
    for head in heads.indices {
      var open: [(input: Int, code: UInt32)] = []
      for input in inputs.indices {
        guard let code = headCodes[input].firstIndex(where: { $0 == UInt32(head) }) else {
          continue
        }
        feeds[input].move(to: code)
        open.append((input, UInt32(code)))
      }
      var left = headRows[head]
      while true {
        var quarter: Int64?
        for (input, _) in open {
          guard let next = try feeds[input].quarter() else { continue }
          quarter = min(quarter ?? next, next)
        }
        guard let quarter else { break }
        var count: Int64 = 0
        for (input, code) in open {
          guard try feeds[input].quarter() == quarter else { continue }
          count += try feeds[input].count()
          if order.dropped > 0 {
            count -= droppedCells[Cell(input: input, head: code, quarter: quarter)] ?? 0
          }
        }
        guard count >= 0, count <= Int64(left) else { throw .column("rollup: counts of a head") }
        if count == 0 { continue }
        left -= Int(count)
        let (cell, rows) = ([quarter], [count])
        cells.append(cell.span)
        counts.append(rows.span)
        try stream.place(cells.takePieces(), in: &places.cells)
        try stream.place(counts.takePieces(), in: &places.counts)
      }
      guard left == 0 else { throw .column("rollup: counts of a head") }
    }
    try stream.finish(cells.finish(), in: &places.cells)
    try stream.finish(counts.finish(), in: &places.counts)
    directory[.rollupCells] = places.cells
    directory[.rollupCounts] = places.counts
  }
}

/// The cells of an input's rollup, head by head.
private final class RollupFeed {
  private let cells: ColumnFeed<IntegerCursor>
  private let counts: ColumnFeed<IntegerCursor>
  /// Where the cells of each head begin, and one more for the end.
  private var firsts: [Int] = [0]
  private var end = 0

  init(_ input: MergeInput) throws(SectionProblem) {
    cells = ColumnFeed(try IntegerCursor(input.directory[.rollupCells], of: input.section.source))
    counts = ColumnFeed(
      try IntegerCursor(input.directory[.rollupCounts], of: input.section.source))
    guard cells.cursor.count == counts.cursor.count else { throw .column("rollup: counts differ") }
    for rows in input.directory.headRows {
      var left = Int64(rows)
      while left > 0 {
        let count = try counts.next()
        guard count > 0, count <= left else { throw .column("rollup: counts of a head") }
        left -= count
      }
      firsts.append(counts.index)
    }
    guard counts.isAtEnd else { throw .column("rollup: cells too many") }
  }

  func move(to head: Int) {
    cells.move(to: firsts[head])
    counts.move(to: firsts[head])
    end = firsts[head + 1]
  }

  /// The quarter of the cell that comes next; nil behind the last one of the head.
  func quarter() throws(SectionProblem) -> Int64? { cells.index < end ? try cells.peek() : nil }

  /// How many rows it has; steps over it.
  func count() throws(SectionProblem) -> Int64 {
    cells.skip(1)
    return try counts.next()
  }
}

extension Rollup {
  /// The quarter of an hour that has this time.
  static func quarter(of time: Int64) -> Int64 {
    let (quotient, rest) = time.quotientAndRemainder(dividingBy: cellMilliseconds)
    return rest < 0 ? quotient - 1 : quotient
  }
}
