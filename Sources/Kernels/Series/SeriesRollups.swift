import Calendar
import Events
import Query
import Sections

/// Counts of events by quarters of an hour instead of rows: for passes that only count events which
/// names and kinds tell apart, and whose pieces are made of whole quarters. The ends of the range that
/// are not are read from rows.
struct SeriesRollups: Sendable {
  let pass: SeriesPass
  /// The whole quarters of the range.
  private let quarters: Range<Int64>
  /// The quarter that each piece ends before.
  private let ends: [Int64]
  /// The stretches before and behind them.
  let edges: [Range<Int64>]

  init?(_ pass: SeriesPass) {
    let plan = pass.plan
    let range = plan.pieces.range
    guard plan.assignment == nil, plan.filters.allSatisfy(\.isPlain),
      pass.plan.gauges.allSatisfy({ $0.kind == .events }),
      plan.scope.zone.isOnQuarterHourGrid(in: plan.scope.range)
    else { return nil }
    if let breakdown = plan.question.breakdown {
      guard breakdown.paths.count == 1, Self.field(breakdown.paths[0]) != nil else { return nil }
    }
    let cell = Rollup.cellMilliseconds
    // Events have no times below zero, nor so far ahead that this overflows.
    let low = max(0, range.lowerBound)
    let high = min(range.upperBound, 1 << 50)
    guard low < high else { return nil }
    let first = (low + cell - 1) / cell
    let end = high / cell
    guard first < end else { return nil }
    quarters = first..<end
    ends =
      pass.pieces == 1
      ? [end] : (0..<pass.pieces).map { min(end, plan.pieces.times(of: $0).upperBound / cell) }
    edges = [low..<(first * cell), (end * cell)..<high].filter { !$0.isEmpty }
    self.pass = pass
  }

  private static func field(_ path: PropertyPath) -> EventField? {
    switch path.place {
    case .field(let field):
      switch field {
      case .name, .kind, .interactive: return field
      default: return nil
      }
    case .key, .visit: return nil
    }
  }

  private func group(of head: EventHead) -> UInt32 {
    guard let breakdown = pass.plan.question.breakdown else { return 0 }
    let value: Value =
      switch Self.field(breakdown.paths[0]) {
      case .name: .string(head.name)
      case .kind: .string(String(describing: head.kind))
      default: .bool(head.flags.contains(.interactive))
      }
    let number = pass.numbers.number(of: value)
    guard case .fixed(let table, _, let rest) = pass.grouping else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }

  /// Adds a section's quarters; false once there are too many groups.
  func add(_ section: Section, to tally: inout SeriesTally) throws(SectionProblem) -> Bool {
    let rollup = try section.rollup()
    for (number, head) in section.heads.enumerated() {
      let gauges = gauges(of: head)
      let cells = Self.cells(rollup, of: number, in: quarters)
      if gauges.isEmpty || cells.isEmpty { continue }
      guard let first = firstCell(of: head, in: &tally) else { return false }
      for gauge in gauges {
        Self.add(
          rollup.quarters.span.extracting(cells), rollup.counts.span.extracting(cells), ends.span,
          from: first, to: &tally.counts[gauge])
      }
    }
    return true
  }

  func gauges(of head: EventHead) -> [Int] {
    let filters = pass.plan.filters.map { $0.names(head) }
    return pass.plan.gauges.indices.filter { filters[pass.plan.gauges[$0].filter] }
  }

  /// The first cell of a head's group, which has an event; nil once there are too many groups.
  func firstCell(of head: EventHead, in tally: inout SeriesTally) -> Int? {
    let group = Int(group(of: head))
    if pass.isOverfull { return nil }
    tally.reserve(groups: pass.groupCount)
    tally.exists[group] = 1
    return group * pass.pieces
  }

  /// Quarters ascend, and so do the quarters that pieces end with.
  private static func add(
    _ quarters: Span<Int64>, _ counts: Span<Int64>, _ ends: Span<Int64>, from first: Int,
    to target: inout [Int]
  ) {
    var target = target.mutableSpan
    var cell = 0
    var piece = 0
    while cell < quarters.count, piece < ends.count {
      let end = ends[piece]
      var sum: Int64 = 0
      while cell < quarters.count, quarters[cell] < end {
        sum &+= counts[cell]
        cell &+= 1
      }
      target[first &+ piece] &+= Int(sum)
      piece &+= 1
    }
  }

  private static func cells(
    _ rollup: Rollup, of head: Int, in quarters: Range<Int64>
  ) -> Range<Int> {
    let cells = rollup.cells(ofHead: head)
    func first(_ bound: Int64) -> Int {
      var low = cells.lowerBound
      var high = cells.upperBound
      while low < high {
        let middle = (low + high) / 2
        if rollup.quarters[middle] < bound { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let start = first(quarters.lowerBound)
    return start..<max(start, first(quarters.upperBound))
  }
}

extension Attempt {
  func tally(
    _ rollups: SeriesRollups, _ isMeant: [Bool]
  ) async throws(KernelFailure) -> SeriesTally? {
    let sections = sections
    let pass = rollups.pass
    let parts = try await threads.run(steps: sections.count, within: budget) {
      steps throws(KernelFailure) -> SeriesTally? in
      var tally = SeriesTally(pass.plan, pieces: pass.pieces)
      while let number = try steps.next() {
        guard isMeant[number] else { continue }
        let fits = try KernelFailure.naming(number) { () throws(SectionProblem) in
          try rollups.add(sections[number], to: &tally)
        }
        guard fits else { return nil }
      }
      return tally
    }
    let found = parts.compactMap { $0 }
    guard found.count == parts.count else { return nil }
    var sum = Self.sum(found, pass)
    for edge in rollups.edges {
      guard let own = try await tally(edge, of: rollups, isMeant) else { return nil }
      sum.add(own)
    }
    return sum
  }
}
