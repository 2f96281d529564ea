import Sections

// Filters that go by heads, whose objects lie side by side.
extension SeriesWorker {
  func heads(of section: Int) throws(KernelFailure) -> [HeadScan] {
    if let scans = headScans[section] { return scans }
    let made = try KernelFailure.naming(section) { () throws(SectionProblem) in
      var made: [HeadScan] = []
      for head in sections[section].heads.indices {
        if let scan = try HeadScan(
          pass, sections[section], number: section, head: head, in: room)
        {
          made.append(scan)
        }
      }
      return made
    }
    headScans[section] = made
    return made
  }

  func countHeads(ofPeople range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    for (section, runs) in try stretches(of: range, steps) {
      let (rows, owners) = try self.rows(of: runs, in: section, steps)
      try countHeads(of: section, rows, owners)
      if hasToStop { return }
    }
  }

  /// The runs of a range's people, section by section; then those that stand elsewhere.
  func stretches(
    of range: Int, _ steps: PeopleSteps
  ) throws(KernelFailure) -> [(section: Int, runs: Range<Int>)] {
    var stretches: [(section: Int, runs: Range<Int>)] = []
    for section in sections.indices {
      let runs = try KernelFailure.naming(section) { () throws(SectionProblem) in
        try steps.runs(of: range, in: section)
      }
      if !runs.isEmpty { stretches.append((section, runs)) }
    }
    for run in try steps.displacedRuns(of: people, outside: range) {
      let number = Int(run.run.run)
      stretches.append((Int(run.run.section), number..<(number + 1)))
    }
    return stretches
  }

  func rows(
    of runs: Range<Int>, in section: Int, _ steps: PeopleSteps
  ) throws(KernelFailure) -> (Range<Int>, RunRows) {
    let firstRows = try KernelFailure.naming(section) { () throws(SectionProblem) in
      try sections[section].runs().firstRows
    }
    let owners = RunRows(
      runs: runs, firstRows: firstRows, ofRun: steps.ordinals.ofRun[section], people: people)
    return (Int(firstRows[runs.lowerBound])..<Int(firstRows[runs.upperBound]), owners)
  }

  func forEachChunk(
    _ objects: Range<Int>, _ body: (Range<Int>) throws(SectionProblem) -> Void
  ) throws(SectionProblem) {
    var next = objects.lowerBound
    while next < objects.upperBound {
      let end = min(next + Section.blockRows, objects.upperBound)
      try body(next..<end)
      next = end
    }
  }

  /// The objects of all heads whose rows are among these; `owners`: whose they are, where people
  /// have to be told apart.
  func countHeads(
    of section: Int, _ rows: Range<Int>, _ owners: RunRows?
  ) throws(KernelFailure) {
    for scan in try heads(of: section) {
      try KernelFailure.naming(section) { () throws(SectionProblem) in
        try count(scan, try scan.chunk.objects(in: rows), owners)
      }
    }
  }

  func count(
    _ scan: HeadScan, _ objects: Range<Int>, _ owners: RunRows?
  ) throws(SectionProblem) {
    var owners = owners
    try forEachChunk(objects) { objects throws(SectionProblem) in
      looked += objects.count
      guard !hasToStop, try scan.load(objects) else { return }
      try scan.place()
      if owners != nil {
        try scan.chunk.findRows()
        owners?.mark(scan.chunk.rows, scan.chosen, into: personOf)
      }
      if pass.plan.assignment != nil { setGroups(of: scan, isSomebody: owners != nil) }
      try count(scan, 0..<objects.count, knowsPeople: owners != nil)
    }
  }

  /// Objects have the groups of their people.
  func setGroups(of scan: HeadScan, isSomebody: Bool) {
    guard isSomebody else {
      return BlockLoops.fill(scan.groupOf, scan.chunk.count, with: groupOfNobody)
    }
    let chosen = scan.chosen
    for index in 0..<chosen.count {
      let place = Int(chosen.places[index])
      let person = personOf[place]
      scan.groupOf[place] = person == PersonOrdinals.nobody ? 0 : groupOfPerson[Int(person)]
    }
  }
}
