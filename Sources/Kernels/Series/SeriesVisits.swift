import Calendar
import Query
import Sections

/// People by their visits instead of rows: for passes that only count people whatever their events.
///
/// A visit has an event at least every 30 minutes, so it has one in every piece between its start and
/// its end, as long as pieces are no shorter; and one on both sides of the range's ends where it goes
/// beyond them, as long as the first piece and the last are no shorter either.
struct SeriesVisits: Sendable {
  let pass: SeriesPass

  init?(_ pass: SeriesPass) {
    let plan = pass.plan
    guard case .whole = pass.grouping, plan.assignment == nil, plan.filters.count == 1,
      plan.filters[0].isPlain, plan.filters[0].names.isEmpty, plan.scope.kinds == .events,
      plan.gauges.allSatisfy({ $0.kind == .people }), plan.question.interval != .hour
    else { return nil }
    let pieces = plan.pieces
    for piece in 0..<pieces.count {
      let times = pieces.times(of: piece)
      let (length, overflow) = times.upperBound.subtractingReportingOverflow(times.lowerBound)
      guard overflow || length > RunFacts.visitGap else { return nil }
    }
    self.pass = pass
  }
}

/// One thread's part of it.
struct VisitCounter {
  private let visits: SeriesVisits
  private let steps: PeopleSteps
  private(set) var tally: SeriesTally
  private var pairs = DistinctPairs()
  private var starts = [Int64](repeating: 0, count: 1_024)
  private var ends = [Int64](repeating: 0, count: 1_024)
  private var firsts = [UInt32](repeating: 0, count: 1_024)
  private var lasts = [UInt32](repeating: 0, count: 1_024)
  /// Pieces that somebody was met in, and who; their group is the first.
  private let met = DistinctPairs.Room()
  private var metCount = 0

  init(_ visits: SeriesVisits, _ steps: PeopleSteps) {
    self.visits = visits
    self.steps = steps
    tally = SeriesTally(visits.pass.plan, pieces: visits.pass.pieces)
    tally.reserve(groups: 1)
  }

  mutating func count(step number: Int) throws(KernelFailure) {
    // Who made the rows of nobody is nobody.
    guard case .people(let range) = steps[number] else { return }
    let people = steps.people(of: range)
    pairs.start(slots: visits.pass.pieces + 1, people: people.count)
    let steps = steps
    for section in steps.sections.indices {
      try count(section, people) { () throws(SectionProblem) in
        try steps.runs(of: range, in: section)
      }
    }
    for run in try steps.displacedRuns(of: people, outside: range) {
      try count(Int(run.run.section), people) { Int(run.run.run)..<(Int(run.run.run) + 1) }
    }
    flush()
  }

  private mutating func count(
    _ section: Int, _ people: Range<Int>, _ runs: () throws(SectionProblem) -> Range<Int>
  ) throws(KernelFailure) {
    do throws(SectionProblem) {
      let runs = try runs()
      if runs.isEmpty { return }
      let facts = try steps.sections[section].facts()
      if isWhole(section) { return count(wholeRuns: runs, of: section, facts, people) }
      var run = runs.lowerBound
      while run < runs.upperBound {
        // As many runs as their visits fit, one at least.
        let first = Int(facts.firstVisits[run])
        var next = run + 1
        while next < runs.upperBound, Int(facts.firstVisits[next + 1]) - first <= starts.count {
          next += 1
        }
        count(run..<next, of: section, facts, people)
        run = next
      }
    } catch { throw .section(section, error) }
  }

  /// Whether people with any event of the section are counted, once.
  private func isWhole(_ section: Int) -> Bool {
    let times = steps.sections[section].directory.times
    return visits.pass.pieces == 1 && visits.pass.plan.filters[0].holdsAll(of: times) == true
  }

  private mutating func count(
    wholeRuns runs: Range<Int>, of section: Int, _ facts: RunFacts, _ people: Range<Int>
  ) {
    let ofRun = steps.ordinals.ofRun[section]
    for run in runs where facts.firstVisits[run] < facts.firstVisits[run + 1] {
      let person = Int(ofRun[run])
      if people.contains(person) { meet(0, person - people.lowerBound) }
    }
  }

  private mutating func count(
    _ runs: Range<Int>, of section: Int, _ facts: RunFacts, _ people: Range<Int>
  ) {
    let first = Int(facts.firstVisits[runs.lowerBound])
    let count = Int(facts.firstVisits[runs.upperBound]) - first
    if count > starts.count {
      // Somebody with very many visits.
      for buffer in 0..<2 {
        let missing = count - starts.count
        if buffer == 0 {
          starts += repeatElement(0, count: missing)
          firsts += repeatElement(0, count: missing)
        } else {
          ends += repeatElement(0, count: count - ends.count)
          lasts += repeatElement(0, count: count - lasts.count)
        }
      }
    }
    let pieces = visits.pass.plan.pieces
    Self.clip(facts.starts, facts.ends, first, count, pieces.range, &starts, &ends)
    let hasTable = visits.pass.pieces > 1
    if hasTable, let table = pieces.table {
      Self.find(table, starts, count, &firsts)
      Self.find(table, ends, count, &lasts)
    } else {
      for visit in 0..<count {
        let isOutside = starts[visit] > ends[visit]
        firsts[visit] = isOutside ? BucketTable.outside : 0
        lasts[visit] = 0
      }
    }
    let ofRun = steps.ordinals.ofRun[section]
    for run in runs {
      let person = Int(ofRun[run])
      guard people.contains(person) else { continue }
      meet(
        person - people.lowerBound,
        (Int(facts.firstVisits[run]) - first)..<(Int(facts.firstVisits[run + 1]) - first))
    }
  }

  private static func find(
    _ table: BucketTable, _ times: [Int64], _ count: Int, _ pieces: inout [UInt32]
  ) {
    var target = pieces.mutableSpan
    table.indexes(of: times.span.extracting(first: count), into: &target)
  }

  /// Puts visits inside the range; those outside end before they start.
  private static func clip(
    _ from: Cells<Int64>, _ to: Cells<Int64>, _ first: Int, _ count: Int, _ range: Range<Int64>,
    _ starts: inout [Int64], _ ends: inout [Int64]
  ) {
    precondition(first + count <= min(from.count, to.count), "no such visits")
    let (from, to) = unsafe (from.start, to.start)
    var target = starts.mutableSpan
    var lastTarget = ends.mutableSpan
    let (low, high) = (range.lowerBound, range.upperBound)
    var index = 0
    while index < count {
      // SAFETY: so many visits there are.
      let start = unsafe max(from[first &+ index], low)
      let end = unsafe min(to[first &+ index], high &- 1)
      // A time that no piece has.
      target[index] = start <= end ? start : high
      lastTarget[index] = start <= end ? end : high &- 1
      index &+= 1
    }
  }

  private mutating func meet(_ person: Int, _ own: Range<Int>) {
    var next = 0
    for visit in own {
      let first = firsts[visit]
      guard first != BucketTable.outside else { continue }
      var piece = max(Int(first), next)
      let last = Int(lasts[visit])
      while piece <= last {
        meet(piece, person)
        piece &+= 1
      }
      next = max(next, last + 1)
    }
  }

  @inline(__always)
  private mutating func meet(_ piece: Int, _ person: Int) {
    if metCount == RowList.capacity { flush() }
    met.cells[metCount] = UInt32(truncatingIfNeeded: piece)
    met.people[metCount] = UInt32(truncatingIfNeeded: person)
    metCount &+= 1
  }

  /// Counts whoever was met since the last time.
  private mutating func flush() {
    pairs.count(
      met.met(metCount, pieces: visits.pass.pieces), gauge: 0, of: 1, into: &tally.counts[0])
    metCount = 0
  }
}
