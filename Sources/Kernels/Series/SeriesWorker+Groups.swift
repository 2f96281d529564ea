import Query
import Sections

// The group of each person, where people have one and not events.
extension SeriesWorker {
  /// Finds the first or the last value that each person of the step has at each path.
  func assign(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    guard let breakdown = pass.plan.question.breakdown else { return }
    let paths = breakdown.paths.count
    var found = PersonValues(
      people: people.count, paths: paths, isFirst: breakdown.assignment == .firstOfPerson,
      pass.numbers)
    if pass.assignsByHeads {
      try assignByHeads(range, steps, paths, &found)
    } else {
      try forEachBlock(of: range, steps) { (scan, rows) throws(SectionProblem) in
        guard let filter = scan.assignment, try filter.load(scan.reader) > 0 else { return }
        let stamps = scan.reader.times.values
        for path in 0..<paths {
          let numbers = try scan.values(ofPath: path)
          for index in 0..<filter.count {
            let row = Int(filter.rows[index])
            guard rows.contains(row), personOf[row] != PersonOrdinals.nobody else { continue }
            found.add(numbers[row], at: stamps[row], ofPath: path, of: Int(personOf[row]))
          }
        }
      }
    }
    let values = found.values
    groupOfPerson =
      paths == 1
      ? values[0].map { pass.grouping.group(ofNumber: $0) }
      : (0..<people.count).map { person in Self.group(of: values.map { $0[person] }, pass) }
  }

  func assignByHeads(
    _ range: Int, _ steps: PeopleSteps, _ paths: Int, _ found: inout PersonValues
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
            for path in 0..<paths {
              guard let values = try assignment.values(ofPath: path, of: chosen) else { continue }
              for index in 0..<chosen.count {
                let object = Int(chosen.places[index])
                let person = personOf[object]
                if person == PersonOrdinals.nobody { continue }
                found.add(
                  values[object], at: chunk.times[object], ofPath: path, of: Int(person))
              }
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
