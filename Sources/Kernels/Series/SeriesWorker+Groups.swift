import Query
import Sections

// The group of each person, where people have one and not events.
extension SeriesWorker {
  /// Finds the first or the last value that each person of the step has at each path.
  func assign(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    guard let breakdown = pass.plan.question.breakdown else { return }
    let none = PersonValues(
      people: people.count, isFirst: breakdown.assignment == .firstOfPerson, pass.numbers)
    var found = breakdown.paths.map { _ in none }
    if pass.assignsByHeads {
      try assignByHeads(range, steps, &found)
    } else {
      try forEachBlock(of: range, steps) { (scan, rows) throws(SectionProblem) in
        guard let filter = scan.assignment, try filter.load(scan.reader) > 0 else { return }
        let stamps = scan.reader.times.values
        BlockLoops.copy(stamps.span, to: times)
        let own = BlockLoops.range(of: filter.rows, filter.count, in: rows)
        for path in found.indices {
          let values = try scan.values(ofPath: path)
          found[path].add(values, at: times, filter.rows, own, of: personOf)
        }
      }
    }
    groupOfPerson =
      found.count == 1
      ? found[0].values.map { pass.grouping.group(ofNumber: $0) }
      : (0..<people.count).map { person in Self.group(of: found.map { $0.values[person] }, pass) }
  }

  private func assignByHeads(
    _ range: Int, _ steps: PeopleSteps, _ found: inout [PersonValues]
  ) throws(KernelFailure) {
    for (section, runs) in try stretches(of: range, steps) {
      let (rows, owners) = try self.rows(of: runs, in: section, steps)
      for assignment in try assignments(of: section) {
        try KernelFailure.naming(section) { () throws(SectionProblem) in
          let chunk = assignment.chunk
          var owners = owners
          try forEachChunk(try chunk.objects(in: rows)) { objects throws(SectionProblem) in
            let chosen = try assignment.load(objects)
            if chosen.count == 0 { return }
            try chunk.findTimes(of: chosen)
            owners.mark(chunk.rows, chosen, into: personOf)
            for path in found.indices {
              guard let values = try assignment.values(ofPath: path, of: chosen) else { continue }
              found[path].add(
                values, at: chunk.times, chosen.places, 0..<chosen.count, of: personOf)
            }
          }
        }
      }
    }
  }

  func assignments(of section: Int) throws(KernelFailure) -> [HeadAssignment] {
    if let known = headAssignments[section] { return known }
    let made = try KernelFailure.naming(section) { () throws(SectionProblem) in
      var made: [HeadAssignment] = []
      for head in sections[section].heads.indices {
        if let assignment = try HeadAssignment(
          pass, sections[section], number: section, head: head, in: room.chunk)
        {
          made.append(assignment)
        }
      }
      return made
    }
    headAssignments[section] = made
    return made
  }
}
