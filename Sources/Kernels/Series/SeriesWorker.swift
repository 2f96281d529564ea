import Query
import Sections

/// One thread's part in a pass over the rows of a snapshot.
final class SeriesWorker {
  let pass: SeriesPass
  private let steps: PeopleSteps?
  private let sections: [Section]
  private let budget: Budget
  private var scans: [Int: SeriesScan] = [:]
  private(set) var tally: SeriesTally

  /// Of the people of a step: by row of the block the person, counted from the step's first.
  private let personOf = BlockBuffer<UInt32>(repeating: PersonOrdinals.nobody)
  private var people = 0..<0
  /// By gauge, by cell: who was met there last.
  private var last: [[UInt32]]
  private var pairs = DistinctPairs()
  private let needsPairs: Bool
  /// By person of the step: the group, where a person has one.
  private var groupOfPerson: [UInt32] = []
  private let groupOfNobody: UInt32

  /// The rows of a filter in the block, and their cells.
  private let rows = RowList()
  private let cells = BlockBuffer<UInt32>(repeating: 0)
  private let windows: [[Range<Int64>]]
  /// Cells that somebody was met in, twice as many as rows for their totals, and who.
  private var fresh = [UInt32](repeating: 0, count: 2 * RowList.capacity)
  private var freshPeople = [UInt32](repeating: 0, count: 2 * RowList.capacity)

  init(_ pass: SeriesPass, _ sections: [Section], _ steps: PeopleSteps?, _ budget: Budget) {
    self.pass = pass
    self.sections = sections
    self.steps = steps
    self.budget = budget
    tally = SeriesTally(pass.plan, pieces: pass.pieces)
    last = pass.plan.gauges.map { _ in [] }
    needsPairs = steps.map { $0.sectionCount > 1 || !$0.ordinals.displaced.isEmpty } ?? false
    let paths = pass.plan.question.breakdown?.paths.count ?? 0
    let none = [UInt32](repeating: ValueNumbers.none, count: paths)
    groupOfNobody = Self.group(of: none, pass)
    let pieces = pass.plan.pieces
    windows = pass.plan.gauges.map { gauge in
      guard case .rolling(let days) = gauge.kind else { return [] }
      var windows = (0..<pieces.count).map {
        pieces.rolling(days: days, before: pieces.times(of: $0).upperBound)
      }
      // The last one is that of the whole range.
      windows.append(pieces.rolling(days: days, before: pieces.range.upperBound))
      return windows
    }
  }

  private static func group(of values: [UInt32], _ pass: SeriesPass) -> UInt32 {
    guard !values.isEmpty else { return 0 }
    let number = pass.tuples?.number(of: values) ?? values[0]
    guard case .fixed(let table, _, let rest) = pass.grouping else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }

  private func scan(_ section: Int) throws(KernelFailure) -> SeriesScan {
    if let scan = scans[section] { return scan }
    let made = try KernelFailure.naming(section) { () throws(SectionProblem) in
      try SeriesScan(pass, sections[section], number: section)
    }
    scans[section] = made
    return made
  }

  /// Whether there are more groups than the pass may have.
  private var isOverfull: Bool {
    guard case .met(let limit?) = pass.grouping else { return false }
    return pass.groupCount > limit + 1
  }

  // MARK: Steps

  /// Rows whoever made them; false once there are too many groups.
  func count(blocks: Range<Int>, of section: Int) throws(KernelFailure) -> Bool {
    let scan = try scan(section)
    for block in blocks {
      try KernelFailure.naming(section) { () throws(SectionProblem) in
        guard try scan.load(block) else { return }
        try scan.place()
        try count(scan, 0..<scan.reader.count, knowsPeople: false)
      }
      if isOverfull { return false }
    }
    do {
      try budget.check(bytes: tally.byteCount(groups: tally.groups) + pass.numbers.byteCount)
    } catch { throw .question(error) }
    return true
  }

  func count(step number: Int) throws(KernelFailure) -> Bool {
    guard let steps else { return true }
    switch steps[number] {
    case .nobody(let section, let blocks):
      let first = sections[section].directory.peopleRowCount
      let scan = try scan(section)
      for block in blocks {
        try KernelFailure.naming(section) { () throws(SectionProblem) in
          guard try scan.load(block) else { return }
          try scan.place()
          if pass.plan.assignment != nil {
            for row in 0..<scan.reader.count { scan.groupOf[row] = groupOfNobody }
          }
          let start = max(0, first - scan.reader.firstRow)
          try count(scan, start..<max(start, scan.reader.count), knowsPeople: false)
        }
        if isOverfull { return false }
      }
    case .people(let range):
      people = steps.people(of: range)
      pairs.start(
        slots: pass.groupLimit.map { $0 * (pass.pieces + 1) * pass.plan.gauges.count },
        people: people.count)
      if pass.plan.assignment != nil { try assign(range, steps) }
      try forEachBlock(of: range, steps) { (scan, rows) throws(SectionProblem) in
        guard try scan.load(scan.reader.block) else { return }
        try scan.place()
        if pass.plan.assignment != nil {
          for row in rows {
            let person = personOf[row]
            scan.groupOf[row] =
              person == PersonOrdinals.nobody ? 0 : groupOfPerson[Int(person)]
          }
        }
        try count(scan, rows, knowsPeople: true)
      }
      if isOverfull { return false }
    }
    do {
      try budget.check(bytes: tally.byteCount(groups: tally.groups) + pass.numbers.byteCount)
    } catch { throw .question(error) }
    return true
  }

  /// Lends `body` the blocks with rows of a range's people, and says in `personOf` whose they are.
  private func forEachBlock(
    of range: Int, _ steps: PeopleSteps,
    _ body: (SeriesScan, Range<Int>) throws(SectionProblem) -> Void
  ) throws(KernelFailure) {
    for section in sections.indices {
      let own = try KernelFailure.naming(section) { () throws(SectionProblem) in
        try steps.runs(of: range, in: section)
      }
      if own.isEmpty { continue }
      try forEachBlock(ofRuns: own, in: section, steps, body)
    }
    for run in try steps.displacedRuns(of: people, outside: range) {
      let number = Int(run.run.run)
      try forEachBlock(ofRuns: number..<(number + 1), in: Int(run.run.section), steps, body)
    }
  }

  private func forEachBlock(
    ofRuns own: Range<Int>, in section: Int, _ steps: PeopleSteps,
    _ body: (SeriesScan, Range<Int>) throws(SectionProblem) -> Void
  ) throws(KernelFailure) {
    let scan = try scan(section)
    try KernelFailure.naming(section) { () throws(SectionProblem) in
      let firstRows = try sections[section].runs().firstRows
      let ofRun = steps.ordinals.ofRun[section]
      var run = own.lowerBound
      var row = Int(firstRows[run])
      let end = Int(firstRows[own.upperBound])
      while row < end {
        let block = row / Section.blockRows
        let blockEnd = min(end, (block + 1) * Section.blockRows)
        let start = row - block * Section.blockRows
        while row < blockEnd {
          let stop = min(blockEnd, Int(firstRows[run + 1]))
          let person = Int(ofRun[run])
          let local =
            people.contains(person)
            ? UInt32(person - people.lowerBound) : PersonOrdinals.nobody
          mark(row - block * Section.blockRows, stop - block * Section.blockRows, local)
          row = stop
          if row == Int(firstRows[run + 1]) { run += 1 }
        }
        try scan.reader.load(block)
        try body(scan, start..<(blockEnd - block * Section.blockRows))
      }
    }
  }

  @inline(__always)
  private func mark(_ start: Int, _ end: Int, _ person: UInt32) {
    precondition(start >= 0 && end <= RowList.capacity, "too many rows")
    let target = unsafe personOf.start  // SAFETY: checked just now.
    var row = start
    while row < end {
      unsafe target[row] = person
      row &+= 1
    }
  }

  // MARK: The group of each person

  /// Finds the first or the last value that each person of the step has at each path.
  private func assign(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    guard let breakdown = pass.plan.question.breakdown else { return }
    let paths = breakdown.paths.count
    let isFirst = breakdown.assignment == .firstOfPerson
    var times = [Int64](repeating: 0, count: people.count * paths)
    var values = [UInt32](repeating: ValueNumbers.none, count: people.count * paths)
    try forEachBlock(of: range, steps) { (scan, rows) throws(SectionProblem) in
      guard let filter = scan.assignment, try filter.load(scan.reader) > 0 else { return }
      let stamps = scan.reader.times.values
      for path in 0..<paths {
        let numbers = try scan.values(ofPath: path)
        for index in 0..<filter.count {
          let row = Int(filter.rows[index])
          guard rows.contains(row), personOf[row] != PersonOrdinals.nobody else { continue }
          let number = numbers[row].number
          if number == GroupNumber.absent.number || number == ValueNumbers.none { continue }
          let place = Int(personOf[row]) * paths + path
          let time = stamps[row]
          let known = values[place]
          let isBetter: Bool
          if known == ValueNumbers.none {
            isBetter = true
          } else if time != times[place] {
            isBetter = (time < times[place]) == isFirst
          } else {
            isBetter = number != known && pass.numbers.precedes(number, known) == isFirst
          }
          if isBetter {
            times[place] = time
            values[place] = number
          }
        }
      }
    }
    groupOfPerson = (0..<people.count).map { person in
      Self.group(of: Array(values[(person * paths)..<((person + 1) * paths)]), pass)
    }
  }

  // MARK: Rows

  private func count(
    _ scan: SeriesScan, _ range: Range<Int>, knowsPeople: Bool
  ) throws(SectionProblem) {
    // What there is no room for is not counted: the pass is over.
    if isOverfull { return }
    tally.reserve(groups: pass.groupCount)
    for (number, filter) in scan.filters.enumerated() where filter.count > 0 {
      if pass.plan.isRolling[number] {
        countRolling(scan, filter, number, range, knowsPeople)
        continue
      }
      let count = SeriesLoops.cells(
        filter.rows, filter.count, range, knowsPeople ? personOf : nil, scan.groupOf,
        pass.pieces > 1 ? scan.pieceOf : nil, pieces: pass.pieces, rows: rows, cells: cells,
        exists: &tally.exists)
      guard count > 0 else { continue }
      for gauge in pass.gauges where pass.plan.gauges[gauge].filter == number {
        try self.count(gauge, scan, count, knowsPeople)
      }
    }
  }

  private func count(
    _ gauge: Int, _ scan: SeriesScan, _ count: Int, _ knowsPeople: Bool
  ) throws(SectionProblem) {
    switch pass.plan.gauges[gauge].kind {
    case .events: SeriesLoops.count(cells, count, into: &tally.counts[gauge])
    case .personEvents:
      if knowsPeople { SeriesLoops.count(cells, count, into: &tally.counts[gauge]) }
    case .people: if knowsPeople { countPeople(gauge, count) }
    case .rolling: break
    case .sum(let path):
      let numbers = try scan.numbers(ofPath: path)
      SeriesLoops.sum(numbers, rows, cells, count, into: &tally.sums[gauge])
    case .extremes(let path):
      let numbers = try scan.numbers(ofPath: path)
      for index in 0..<count {
        let number = numbers[Int(rows[index])]
        guard number.kind == .integer || number.kind == .double else { continue }
        tally.extremes[gauge][Int(cells[index])].add(number)
      }
    case .list(let path):
      let numbers = try scan.numbers(ofPath: path)
      for index in 0..<count {
        let number = numbers[Int(rows[index])]
        guard number.kind == .integer || number.kind == .double else { continue }
        tally.listCells[gauge].append(cells[index])
        tally.listValues[gauge].append(number.asDouble)
      }
    }
  }

  private func countPeople(_ gauge: Int, _ count: Int) {
    reserveLast(gauge)
    // Taken out, so that the loop has them for itself.
    var own = (last: [UInt32](), counts: [Int](), pairs: DistinctPairs())
    swap(&own.last, &last[gauge])
    swap(&own.counts, &tally.counts[gauge])
    swap(&own.pairs, &pairs)
    let pieces = UInt32(truncatingIfNeeded: pass.pieces)
    let found = SeriesLoops.people(
      rows, cells, count, personOf, first: UInt32(people.lowerBound), pieces: pieces,
      last: &own.last, into: &fresh, persons: &freshPeople)
    let gauges = pass.plan.gauges.count
    if needsPairs {
      own.pairs.count(fresh, freshPeople, found, gauge, of: gauges, into: &own.counts)
    } else {
      for index in 0..<found { own.counts[Int(fresh[index])] &+= 1 }
    }
    swap(&own.last, &last[gauge])
    swap(&own.counts, &tally.counts[gauge])
    swap(&own.pairs, &pairs)
  }

  private func reserveLast(_ gauge: Int) {
    let missing = tally.counts[gauge].count - last[gauge].count
    if missing > 0 {
      last[gauge] += repeatElement(PersonOrdinals.nobody, count: missing)
    }
  }

  /// Counts a person in a cell, once.
  @inline(__always)
  private func meet(_ gauge: Int, _ cell: Int, _ person: UInt32, _ gauges: Int) {
    let known = UInt32(people.lowerBound) &+ person
    if last[gauge][cell] == known { return }
    last[gauge][cell] = known
    if !needsPairs || pairs.insert(cell &* gauges &+ gauge, Int(person)) {
      tally.counts[gauge][cell] &+= 1
    }
  }

  /// Rows may be in several pieces' windows, or in none.
  private func countRolling(
    _ scan: SeriesScan, _ filter: BlockFilter, _ number: Int, _ range: Range<Int>,
    _ knowsPeople: Bool
  ) {
    let times = scan.reader.times.values
    let pieces = pass.pieces
    for (gauge, windows) in windows.enumerated()
    where pass.plan.gauges[gauge].filter == number && !windows.isEmpty {
      reserveLast(gauge)
      let gauges = pass.plan.gauges.count
      let isCounted = knowsPeople && pass.gauges.contains(gauge)
      let count = windows.count - 1
      for index in 0..<filter.count {
        let row = Int(filter.rows[index])
        guard range.contains(row) else { continue }
        let person = personOf[row]
        if knowsPeople, person == PersonOrdinals.nobody { continue }
        let group = Int(scan.groupOf[row])
        let time = times[row]
        let first = Self.first(count) { windows[$0].upperBound > time }
        let end = Self.first(count) { windows[$0].lowerBound > time }
        let isInTotal = windows[count].contains(time)
        if first < end || isInTotal { tally.exists[group] = 1 }
        guard isCounted else { continue }
        if !pass.isSizing {
          for piece in first..<max(first, end) {
            meet(gauge, group * (pieces + 1) + piece, person, gauges)
          }
        }
        if isInTotal { meet(gauge, group * (pieces + 1) + pieces, person, gauges) }
      }
    }
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

extension ValueNumbers {
  func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
    let values = values
    return values[Int(left)] < values[Int(right)]
  }
}
