import Query
import Sections

extension SeriesPass {
  /// Whether the runs of a section's people say all that a filter asks: how many events each has.
  func isByRuns(_ number: Int, of section: Section) -> Bool {
    let filter = plan.filters[number]
    guard knowsPeople, pieces == 1, !isByHeads[number], !plan.isRolling[number], filter.isPlain,
      filter.names.isEmpty, filter.kinds == .events,
      filter.holdsAll(of: section.directory.times) != nil
    else { return false }
    if plan.assignment == nil {
      guard case .whole = grouping else { return false }
    }
    return plan.gauges.allSatisfy { gauge in
      if gauge.filter != number { return true }
      switch gauge.kind {
      case .events, .personEvents, .people: return true
      case .rolling, .sum, .extremes, .list: return false
      }
    }
  }
}

extension RunFacts {
  /// Of at most 1,024 runs those with events in a stretch of time, by people of a range: the person, the
  /// person's group, and how many there are. Says how many such runs there are. `groups` is empty where
  /// all are in one; `cut` counts the events of a run and a visit that are inside, where not all are.
  func events(
    of runs: Range<Int>, in times: Range<Int64>, _ ofRun: [UInt32], among people: Range<Int>,
    _ groups: [UInt32], persons: BlockBuffer<UInt32>, cells: BlockBuffer<UInt32>,
    counts: BlockBuffer<UInt32>, exists: inout [UInt8],
    cut: (Int, Int) throws(SectionProblem) -> UInt32
  ) throws(SectionProblem) -> Int {
    precondition(runs.count <= RowList.capacity, "too many runs")
    precondition(runs.upperBound < firstVisits.count, "no such runs")
    let (ofRun, groups) = (ofRun.span, groups.span)
    let (low, width) = (UInt32(people.lowerBound), UInt32(people.count))
    var exists = exists.mutableSpan
    // SAFETY: no more is written than there are runs; runs were checked just now, and their visits are
    // those of the facts. What is read of arrays is checked by subscripts.
    let (visits, own) = unsafe (firstVisits.start, eventCounts.start)
    let (starts, ends) = unsafe (self.starts.start, self.ends.start)
    let (persons, cells, counts) = unsafe (persons.start, cells.start, counts.start)
    var found = 0
    for run in runs {
      var sum: UInt32 = 0
      var visit = Int(unsafe visits[run])
      let end = Int(unsafe visits[run &+ 1])
      while visit < end {
        let (start, last) = unsafe (starts[visit], ends[visit])
        if start >= times.lowerBound, last < times.upperBound {
          sum &+= unsafe own[visit]
        } else if start < times.upperBound, last >= times.lowerBound {
          sum &+= try cut(run, visit)
        }
        visit &+= 1
      }
      let person = ofRun[run] &- low
      guard sum > 0, person < width else { continue }
      let group = groups.isEmpty ? 0 : groups[Int(person)]
      exists[Int(group)] = 1
      unsafe persons[found] = person
      unsafe cells[found] = group
      unsafe counts[found] = sum
      found &+= 1
    }
    extendLifetime(self)
    return found
  }
}
