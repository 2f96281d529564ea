import Query
import Sections

/// One thread's part in a pass over the rows of a snapshot.
final class SeriesWorker {
  let pass: SeriesPass
  private let steps: PeopleSteps?
  let sections: [Section]
  private let budget: Budget
  private var scans: [Int: SeriesScan] = [:]
  private var scansOfNobody: [Int: SeriesScan] = [:]
  var headScans: [Int: [HeadScan]] = [:]
  var headAssignments: [Int: [HeadAssignment]] = [:]
  let room = HeadScan.Room()
  /// Whether some filter goes by rows, and some by heads.
  private let hasRows: Bool
  private let hasHeads: Bool
  var tally: SeriesTally

  /// Of the people of a step: by row of the block the person, counted from the step's first.
  let personOf = BlockBuffer<UInt32>(repeating: PersonOrdinals.nobody)
  var people = 0..<0
  /// By gauge, by cell: who was met there last.
  private var last: [[UInt32]]
  private var pairs = DistinctPairs()
  private let needsPairs: Bool
  /// By person of the step: the group, where a person has one.
  var groupOfPerson: [UInt32] = []
  let groupOfNobody: UInt32

  /// The rows of a filter in the block, and their cells.
  let rows = RowList()
  let cells = BlockBuffer<UInt32>(repeating: 0)
  let eventsOfRun = BlockBuffer<UInt32>(repeating: 0)
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
    hasRows = pass.isByHeads.contains(false)
    hasHeads = pass.isByHeads.contains(true)
    // Heads come one after another, and people again with each.
    let comesAgain = hasHeads
    needsPairs =
      steps.map { $0.sectionCount > 1 || comesAgain || !$0.ordinals.displaced.isEmpty } ?? false
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

  static func group(of values: [UInt32], _ pass: SeriesPass) -> UInt32 {
    guard !values.isEmpty else { return 0 }
    let number = pass.tuples?.number(of: values) ?? values[0]
    guard case .fixed(let table, _, let rest) = pass.grouping else { return number }
    return Int(number) < table.count ? table[Int(number)] : rest
  }

  private func scan(_ section: Int, people: Bool) throws(KernelFailure) -> SeriesScan {
    if let scan = people ? scans[section] : scansOfNobody[section] { return scan }
    let made = try KernelFailure.naming(section) { () throws(SectionProblem) in
      try SeriesScan(pass, sections[section], number: section, people: people)
    }
    if people { scans[section] = made } else { scansOfNobody[section] = made }
    return made
  }

  /// Whether there are more groups than the pass may have.
  var isOverfull: Bool {
    guard case .met(let limit?) = pass.grouping else { return false }
    return pass.groupCount > limit + 1
  }

  // MARK: Steps

  /// Rows whoever made them; false once there are too many groups.
  func count(blocks: Range<Int>, of section: Int) throws(KernelFailure) -> Bool {
    if hasHeads {
      let end = min(blocks.upperBound * Section.blockRows, sections[section].rowCount)
      try countHeads(of: section, (blocks.lowerBound * Section.blockRows)..<end, nil)
      if isOverfull { return false }
    }
    for block in blocks where hasRows {
      let scan = try scan(section, people: false)
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
      if hasHeads {
        let start = max(first, blocks.lowerBound * Section.blockRows)
        let end = min(blocks.upperBound * Section.blockRows, sections[section].rowCount)
        try countHeads(of: section, start..<max(start, end), nil)
        if isOverfull { return false }
      }
      for block in blocks where hasRows {
        let scan = try scan(section, people: false)
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
      try countRuns(range, steps)
      if hasHeads { try countHeads(ofPeople: range, steps) }
      if hasRows { try countRows(range, steps) }
      if isOverfull { return false }
    }
    do {
      try budget.check(bytes: tally.byteCount(groups: tally.groups) + pass.numbers.byteCount)
    } catch { throw .question(error) }
    return true
  }

  private func countRows(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
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
  }

  /// Lends `body` the blocks with rows of a range's people, and says in `personOf` whose they are.
  func forEachBlock(
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
    let scan = try scan(section, people: true)
    if scan.isIdle { return }
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

  // MARK: Rows

  func count(
    _ scan: SeriesBlock, _ range: Range<Int>, knowsPeople: Bool
  ) throws(SectionProblem) {
    // What there is no room for is not counted: the pass is over.
    if isOverfull { return }
    tally.reserve(groups: pass.groupCount)
    for number in pass.plan.filters.indices {
      guard let (list, length) = scan.rows(ofFilter: number), length > 0 else { continue }
      if pass.plan.isRolling[number], let scan = scan as? SeriesScan {
        countRolling(scan, list, length, number, range, knowsPeople)
        continue
      }
      let count = SeriesLoops.cells(
        list, length, range, knowsPeople ? personOf : nil, scan.groupOf,
        pass.pieces > 1 ? scan.pieceOf : nil, pieces: pass.pieces, rows: rows, cells: cells,
        exists: &tally.exists)
      guard count > 0 else { continue }
      for gauge in pass.gauges where pass.plan.gauges[gauge].filter == number {
        try self.count(gauge, scan, count, knowsPeople)
      }
    }
  }

  private func count(
    _ gauge: Int, _ scan: SeriesBlock, _ count: Int, _ knowsPeople: Bool
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
      // Taken out, so that the loop has them for itself.
      var own = (cells: [UInt32](), values: [Double]())
      swap(&own.cells, &tally.listCells[gauge])
      swap(&own.values, &tally.listValues[gauge])
      SeriesLoops.list(
        numbers, rows, cells, count, cells: &own.cells, values: &own.values)
      swap(&own.cells, &tally.listCells[gauge])
      swap(&own.values, &tally.listValues[gauge])
    }
  }

  func countPeople(_ gauge: Int, _ count: Int) {
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
    _ scan: SeriesScan, _ list: RowList, _ length: Int, _ number: Int, _ range: Range<Int>,
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
      for index in 0..<length {
        let row = Int(list[index])
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
