import Calendar
import Query
import Sections

// The ends of a range that are no whole quarters.
extension SeriesRollups {
  /// Adds a section's events in the piece of a quarter, found by the visits of people; nil where nobody
  /// has made the section's facts, false once there are too many groups.
  func add(
    _ edge: Range<Int64>, of section: Section, to tally: inout SeriesTally
  ) throws(SectionProblem) -> Bool? {
    guard pass.plan.scope.kinds == .events, let facts = section.knownFacts else { return nil }
    var counts = [Int](repeating: 0, count: section.heads.count)
    var events = try EventsInTime(section)
    let runs = try section.runs()
    for visit in facts.visits(overlapping: edge) {
      let rows = runs.rows(of: facts.run(ofVisit: visit))
      try events.forEach(in: rows, edge) { counts[$0] += 1 }
    }
    let nobody = section.directory.peopleRowCount..<section.rowCount
    try events.forEach(in: nobody, edge) { counts[$0] += 1 }
    let piece = pass.plan.pieces.table?.index(of: Instant(milliseconds: edge.lowerBound)) ?? 0
    for (number, head) in section.heads.enumerated() where counts[number] > 0 {
      let gauges = gauges(of: head)
      if gauges.isEmpty { continue }
      guard let first = firstCell(of: head, in: &tally) else { return false }
      for gauge in gauges {
        tally.counts[gauge][first + (pass.pieces > 1 ? piece : 0)] += counts[number]
      }
    }
    return true
  }
}

extension Attempt {
  /// Counts what is in the piece of a quarter: from visits where they are known, else from rows.
  func tally(
    _ edge: Range<Int64>, of rollups: SeriesRollups, _ isMeant: [Bool]
  ) async throws(KernelFailure) -> SeriesTally? {
    let (sections, pass) = (sections, rollups.pass)
    let touched = sections.indices.filter { number in
      isMeant[number] && edge.lowerBound <= sections[number].directory.times.upperBound
        && sections[number].directory.times.lowerBound < edge.upperBound
    }
    let parts = try await threads.run(steps: touched.count, within: budget) {
      steps throws(KernelFailure) -> (tally: SeriesTally, rest: [Int])? in
      var tally = SeriesTally(pass.plan, pieces: pass.pieces)
      var rest: [Int] = []
      while let step = try steps.next() {
        let number = touched[step]
        let fits = try KernelFailure.naming(number) { () throws(SectionProblem) in
          try rollups.add(edge, of: sections[number], to: &tally)
        }
        if fits == false { return nil }
        if fits == nil { rest.append(number) }
      }
      return (tally, rest)
    }
    let found = parts.compactMap { $0 }
    guard found.count == parts.count else { return nil }
    var sum = Self.sum(found.map(\.tally), pass)
    let rest = found.flatMap(\.rest)
    if rest.isEmpty { return sum }
    let part = SeriesPass(
      plan: pass.plan.restricted(to: edge), grouping: pass.grouping, isSizing: pass.isSizing,
      numbers: pass.numbers, tuples: pass.tuples)
    guard
      case .counted(let own) = try await outcome(
        ofRows: part, sections.indices.map { rest.contains($0) })
    else { return nil }
    sum.add(own)
    return sum
  }
}

extension RunFacts {
  /// Those with a moment in a stretch of time.
  fileprivate func visits(overlapping times: Range<Int64>) -> [Int] {
    var found: [Int] = []
    // SAFETY: there are as many ends as starts, and both live until the end of the call.
    let (starts, ends) = unsafe (self.starts.start, self.ends.start)
    var visit = 0
    while visit < visitCount {
      if unsafe starts[visit] < times.upperBound, unsafe ends[visit] >= times.lowerBound {
        found.append(visit)
      }
      visit &+= 1
    }
    extendLifetime(self)
    return found
  }

  fileprivate func run(ofVisit visit: Int) -> Int {
    var (low, high) = (0, firstVisits.count - 1)
    while low + 1 < high {
      let middle = (low + high) / 2
      if Int(firstVisits[middle]) <= visit { low = middle } else { high = middle }
    }
    return low
  }
}
