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
      let filters = pass.plan.filters.indices.filter { pass.plan.filters[$0].names(head) }
      let cells = Self.cells(rollup, of: number, in: quarters)
      if filters.isEmpty || cells.isEmpty { continue }
      let group = Int(group(of: head))
      if case .met(let limit?) = pass.grouping, pass.groupCount > limit + 1 { return false }
      tally.reserve(groups: pass.groupCount)
      tally.exists[group] = 1
      let pieces = pieces(of: cells, rollup)
      for (gauge, kind) in pass.plan.gauges.enumerated() where filters.contains(kind.filter) {
        var counts: [Int] = []
        swap(&counts, &tally.counts[gauge])
        Self.add(
          rollup.counts.span.extracting(cells), pieces.span, from: group * pass.pieces, to: &counts)
        swap(&counts, &tally.counts[gauge])
      }
    }
    return true
  }

  private static func add(
    _ cells: Span<Int64>, _ pieces: Span<UInt32>, from first: Int, to counts: inout [Int]
  ) {
    var target = counts.mutableSpan
    var index = 0
    while index < cells.count {
      let piece = pieces.isEmpty ? 0 : Int(pieces[index])
      target[first &+ piece] &+= Int(cells[index])
      index &+= 1
    }
  }

  private func pieces(of cells: Range<Int>, _ rollup: Rollup) -> [UInt32] {
    guard pass.pieces > 1, let table = pass.plan.pieces.table else { return [] }
    let times = cells.map { rollup.quarters[$0] * Rollup.cellMilliseconds }
    var pieces = [UInt32](repeating: 0, count: times.count)
    var target = pieces.mutableSpan
    table.indexes(of: times.span, into: &target)
    return pieces
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
    guard var sum = Self.sum(parts, pass) else { return nil }
    for edge in rollups.edges {
      let isTouched = sections.indices.map { number in
        isMeant[number] && edge.lowerBound <= sections[number].directory.times.upperBound
          && sections[number].directory.times.lowerBound < edge.upperBound
      }
      guard isTouched.contains(true) else { continue }
      let part = SeriesPass(
        plan: pass.plan.restricted(to: edge), grouping: pass.grouping, isSizing: pass.isSizing,
        numbers: pass.numbers, tuples: pass.tuples)
      guard let own = try await tally(ofRows: part, isTouched) else { return nil }
      sum.add(own)
    }
    return sum
  }
}
