import Query
import Sections

// What is counted of a block, whatever it is made of.
extension SeriesWorker {
  /// Counts what the filters have chosen, as far as it is at these places.
  func count(
    _ block: SeriesBlock, _ range: Range<Int>, knowsPeople: Bool
  ) throws(SectionProblem) {
    if hasToStop { return }
    // What there is no room for is not counted any more, but remembered.
    let isOverfull = isOverfull
    if !isOverfull { tally.reserve(groups: pass.groupCount) }
    for number in pass.plan.filters.indices {
      guard let chosen = block.chosen(byFilter: number), chosen.count > 0 else { continue }
      let own = BlockLoops.range(of: chosen.places, chosen.count, in: range)
      if pass.plan.isRolling[number], let scan = block as? SeriesScan {
        countRolling(scan, own, number, knowsPeople)
        continue
      }
      let count = SeriesLoops.cells(
        chosen.places, own, knowsPeople ? personOf : nil, block.groupOf,
        pass.pieces > 1 ? block.pieceOf : nil, pieces: pass.pieces, rows: rows, cells: cells)
      guard count > 0 else { continue }
      remember(count, number, of: block, knowsPeople: knowsPeople)
      if isOverfull { continue }
      if pass.marksGroups[number] {
        SeriesLoops.mark(block.groupOf, rows, count, in: &tally.exists)
      }
      for gauge in pass.gauges where pass.plan.gauges[gauge].filter == number {
        try self.count(gauge, block, count, knowsPeople)
      }
    }
  }

  private func count(
    _ gauge: Int, _ block: SeriesBlock, _ count: Int, _ knowsPeople: Bool
  ) throws(SectionProblem) {
    switch pass.plan.gauges[gauge].kind {
    case .events: SeriesLoops.count(cells, count, into: &tally.counts[gauge])
    case .personEvents:
      if knowsPeople { SeriesLoops.count(cells, count, into: &tally.counts[gauge]) }
    case .people: if knowsPeople { countPeople(gauge, count, block.groupOf) }
    case .rolling: break
    case .sum(let path):
      let numbers = try block.numbers(ofPath: path)
      SeriesLoops.sum(numbers, rows, cells, count, into: &tally.sums[gauge])
    case .extremes(let path):
      let numbers = try block.numbers(ofPath: path)
      for index in 0..<count {
        let number = numbers[Int(rows[index])]
        guard number.isNumber else { continue }
        tally.extremes[gauge][Int(cells[index])].add(number)
      }
    case .list(let path):
      let numbers = try block.numbers(ofPath: path)
      tally.lists[gauge][0].append(numbers, rows, cells, count)
    }
  }

  /// Counts the people of `rows` in their `cells`, each once.
  func countPeople(_ gauge: Int, _ count: Int, _ groups: BlockBuffer<UInt32>) {
    let met = DistinctPairs.Met(
      rows: rows, cells: cells, count: count, people: personOf, groups: groups,
      pieces: pass.pieces)
    pairs.count(
      met, gauge: peopleGauges[gauge], of: peopleGaugeCount, into: &tally.counts[gauge])
  }

  /// Rows may be in several pieces' windows, or in none.
  private func countRolling(
    _ scan: SeriesScan, _ own: Range<Int>, _ number: Int, _ knowsPeople: Bool
  ) {
    let times = scan.reader.times.values
    guard let list = scan.chosen(byFilter: number)?.places else { return }
    let pieces = pass.pieces
    for gauge in pass.plan.gauges.indices where pass.plan.gauges[gauge].filter == number {
      let isCounted = knowsPeople && pass.gauges.contains(gauge)
      for index in own {
        let row = Int(list[index])
        let person = personOf[row]
        if knowsPeople, person == PersonOrdinals.nobody { continue }
        let group = Int(scan.groupOf[row])
        guard let found = windows.pieces(of: gauge, at: times[row]) else { continue }
        tally.exists[group] = 1
        guard isCounted else { continue }
        let first = group * (pieces + 1)
        if !pass.isSizing {
          for piece in found.pieces { meet(gauge, first + piece, person) }
        }
        if found.isInTotal { meet(gauge, first + pieces, person) }
      }
    }
  }

  /// Counts a person in a cell, once.
  private func meet(_ gauge: Int, _ cell: Int, _ person: UInt32) {
    if pairs.insert(cell * peopleGaugeCount + peopleGauges[gauge], Int(person)) {
      tally.counts[gauge][cell] += 1
    }
  }
}

/// For gauges of rolling people: the stretches of time that their pieces look back on.
struct RollingWindows {
  /// By gauge, the last of each for the whole range; none where it does not roll.
  private let windows: [[Range<Int64>]]

  init(_ plan: SeriesPlan) {
    let pieces = plan.pieces
    windows = plan.gauges.map { gauge in
      guard case .rolling(let days) = gauge.kind, pieces.count > 0 else { return [] }
      return (0..<pieces.count).map {
        pieces.rolling(days: days, before: pieces.times(of: $0).upperBound)
      } + [pieces.rolling(days: days, before: pieces.range.upperBound)]
    }
  }

  /// The pieces that look at a time, and whether the total does; nil where none of them does.
  func pieces(of gauge: Int, at time: Int64) -> (pieces: Range<Int>, isInTotal: Bool)? {
    let windows = windows[gauge]
    guard let total = windows.last else { return nil }
    let count = windows.count - 1
    let first = Self.first(count) { windows[$0].upperBound > time }
    let end = Self.first(count) { windows[$0].lowerBound > time }
    let isInTotal = total.contains(time)
    guard first < end || isInTotal else { return nil }
    return (first..<max(first, end), isInTotal)
  }

  private static func first(_ count: Int, where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
