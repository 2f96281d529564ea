import Sections

// Filters that ask no more than how many events each person has.
extension SeriesWorker {
  /// What runs say without a look at rows.
  func countRuns(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    // What there is no room for is not counted: the pass is over.
    if isOverfull { return }
    for number in pass.plan.filters.indices {
      let gauges = pass.gauges.filter { pass.plan.gauges[$0].filter == number }
      for (section, runs) in try stretches(of: range, steps)
      where pass.isByRuns(number, of: sections[section]) {
        try countRuns(runs, of: section, steps, pass.plan.filters[number].times, gauges)
      }
    }
  }

  private func countRuns(
    _ runs: Range<Int>, of section: Int, _ steps: PeopleSteps, _ times: Range<Int64>,
    _ gauges: [Int]
  ) throws(KernelFailure) {
    tally.reserve(groups: pass.groupCount)
    let ofRun = steps.ordinals.ofRun[section]
    let groups = pass.plan.assignment == nil ? [] : groupOfPerson
    try KernelFailure.naming(section) { () throws(SectionProblem) in
      let facts = try sections[section].facts()
      let all = try sections[section].runs()
      var events = try EventsInTime(sections[section])
      var first = runs.lowerBound
      while first < runs.upperBound {
        let end = min(first + RowList.capacity, runs.upperBound)
        let count = try facts.events(
          of: first..<end, in: times, ofRun, among: people, groups, persons: personOf,
          cells: cells, counts: eventsOfRun, exists: &tally.exists
        ) { (run, visit) throws(SectionProblem) in
          let own = facts.starts[visit]..<(facts.ends[visit] + 1)
          return try events.count(in: all.rows(of: run), own.clamped(to: times))
        }
        for row in 0..<count { rows[row] = UInt16(truncatingIfNeeded: row) }
        for gauge in gauges {
          if case .people = pass.plan.gauges[gauge].kind {
            countPeople(gauge, count, cells)
          } else {
            SeriesLoops.add(eventsOfRun, cells, count, into: &tally.counts[gauge])
          }
        }
        first = end
      }
    }
  }
}
