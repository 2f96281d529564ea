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
  /// The head that was scanned last whoever made its events.
  private var lastHead: (section: Int, head: Int, scan: HeadScan?)?
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
  var pairs = DistinctPairs()
  /// By gauge: its place among those that tell people apart, of which there are so many.
  private(set) var peopleGauges: [Int]
  private(set) var peopleGaugeCount = 0
  /// By person of the step: the group, where a person has one.
  var groupOfPerson: [UInt32] = []
  let groupOfNobody: UInt32

  /// The rows of a filter in the block, and their cells.
  let rows = RowList()
  let cells = BlockBuffer<UInt32>(repeating: 0)
  let eventsOfRun = BlockBuffer<UInt32>(repeating: 0)
  /// By row of the block, for the first and last values of people.
  let times = BlockBuffer<Int64>(repeating: 0)
  let windows: RollingWindows
  /// What was counted, as long as it is worth while.
  var remembered: RememberedEvents?
  /// How many rows were looked at, and about how many it will be.
  var looked = 0
  let mostRows: Int

  /// `rows`: about how many the worker will look at.
  init(
    _ pass: SeriesPass, _ sections: [Section], _ steps: PeopleSteps?, _ budget: Budget,
    rows mostRows: Int = 0
  ) {
    self.mostRows = mostRows
    remembered = pass.canRemember ? RememberedEvents() : nil
    self.pass = pass
    self.sections = sections
    self.steps = steps
    self.budget = budget
    tally = SeriesTally(pass.plan, pieces: pass.pieces)
    peopleGauges = pass.plan.gauges.map { _ in 0 }
    hasRows = pass.isByHeads.contains(false)
    hasHeads = pass.isByHeads.contains(true)
    let paths = pass.plan.question.breakdown?.paths.count ?? 0
    let none = [UInt32](repeating: ValueNumbers.none, count: paths)
    groupOfNobody = Self.group(of: none, pass)
    windows = RollingWindows(pass.plan)
    for gauge in pass.gauges {
      switch pass.plan.gauges[gauge].kind {
      case .people, .rolling:
        peopleGauges[gauge] = peopleGaugeCount
        peopleGaugeCount += 1
      case .events, .personEvents, .sum, .extremes, .list: break
      }
    }
  }

  static func group(of values: [UInt32], _ pass: SeriesPass) -> UInt32 {
    guard !values.isEmpty else { return 0 }
    let number = pass.tuples?.number(of: values) ?? values[0]
    return pass.grouping.group(ofNumber: number)
  }

  func scan(_ section: Int, people: Bool) throws(KernelFailure) -> SeriesScan {
    if let scan = people ? scans[section] : scansOfNobody[section] { return scan }
    let made = try KernelFailure.naming(section) { () throws(SectionProblem) in
      try SeriesScan(pass, sections[section], number: section, people: people)
    }
    if people { scans[section] = made } else { scansOfNobody[section] = made }
    return made
  }

  private func scan(ofHead head: Int, of section: Int) throws(KernelFailure) -> HeadScan? {
    if let last = lastHead, last.section == section, last.head == head { return last.scan }
    let scan = try KernelFailure.naming(section) { () throws(SectionProblem) in
      try HeadScan(pass, sections[section], number: section, head: head, in: room)
    }
    lastHead = (section, head, scan)
    return scan
  }

  var isOverfull: Bool { pass.isOverfull }

  // MARK: Steps

  /// Rows whoever made them; false once there are too many groups.
  func count(_ step: ScanSteps.Step) throws(KernelFailure) -> Bool {
    switch step {
    case .objects(let section, let head, let objects):
      if let scan = try scan(ofHead: head, of: section) {
        try KernelFailure.naming(section) { () throws(SectionProblem) in
          try count(scan, objects, nil)
        }
      }
    case .blocks(let section, let blocks):
      let scan = try scan(section, people: false)
      for block in blocks where !hasToStop {
        looked += RowList.capacity
        try KernelFailure.naming(section) { () throws(SectionProblem) in
          guard try scan.load(block) else { return }
          try scan.place()
          try count(scan, 0..<scan.reader.count, knowsPeople: false)
        }
      }
    }
    return try mayGoOn()
  }

  /// Goes to the people of another step.
  func startPeople(_ people: Range<Int>) {
    self.people = people
    pairs.start(
      slots: pass.groupLimit.map { $0 * (pass.pieces + 1) * peopleGaugeCount },
      people: people.count)
  }

  /// False once there are too many groups.
  private func mayGoOn() throws(KernelFailure) -> Bool {
    if hasToStop { return false }
    do {
      try budget.check(
        bytes: tally.byteCount(groups: tally.groups) + pass.numbers.byteCount
          + (remembered?.byteCount ?? 0))
    } catch { throw .question(error) }
    return true
  }

  /// Whether the pass is over: there are more groups than it may have, and too many events to remember.
  var hasToStop: Bool { remembered == nil && isOverfull }

  func count(step number: Int) throws(KernelFailure) -> Bool {
    guard let steps else { return true }
    switch steps[number] {
    case .nobody(let section, let blocks):
      let first = sections[section].directory.peopleRowCount
      if hasHeads {
        let start = max(first, blocks.lowerBound * Section.blockRows)
        let end = min(blocks.upperBound * Section.blockRows, sections[section].rowCount)
        try countHeads(of: section, start..<max(start, end), nil)
        if hasToStop { return false }
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
        if hasToStop { return false }
      }
    case .people(let range):
      startPeople(steps.people(of: range))
      if pass.plan.assignment != nil { try assign(range, steps) }
      try countRuns(range, steps)
      if hasHeads { try countHeads(ofPeople: range, steps) }
      if hasRows { try countRows(range, steps) }
    }
    return try mayGoOn()
  }
}
