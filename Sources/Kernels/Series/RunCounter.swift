import Query
import Sections

extension SeriesPass {
  /// Whether the runs of a section's people say all that a filter asks: how many events each has, at
  /// any time of the section.
  func isByRuns(_ number: Int, of section: Section) -> Bool {
    let filter = plan.filters[number]
    guard knowsPeople, pieces == 1, !isByHeads[number], !plan.isRolling[number], filter.isPlain,
      filter.names.isEmpty, filter.kinds == .events,
      filter.holdsAll(of: section.directory.times) == true
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
  /// Of at most 1,024 runs those with events, by people of a range: the person, the person's group,
  /// and how many there are. Says how many such runs there are. `groups` is empty where all are in one.
  func events(
    of runs: Range<Int>, _ ofRun: [UInt32], among people: Range<Int>, _ groups: [UInt32],
    persons: BlockBuffer<UInt32>, cells: BlockBuffer<UInt32>, counts: BlockBuffer<UInt32>,
    exists: inout [UInt8]
  ) -> Int {
    precondition(runs.count <= RowList.capacity, "too many runs")
    let (visits, own) = (firstVisits, eventCounts)
    let (ofRun, groups) = (ofRun.span, groups.span)
    let (low, width) = (UInt32(people.lowerBound), UInt32(people.count))
    var exists = exists.mutableSpan
    // SAFETY: no more is written than there are runs; what is read is checked by subscripts.
    let (persons, cells, counts) = unsafe (persons.start, cells.start, counts.start)
    var found = 0
    for run in runs {
      var sum: UInt32 = 0
      var visit = Int(visits[run])
      let end = Int(visits[run &+ 1])
      while visit < end {
        sum &+= own[visit]
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
    return found
  }
}
