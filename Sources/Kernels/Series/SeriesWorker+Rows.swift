import Sections

// Filters that go by rows, block by block.
extension SeriesWorker {
  func countRows(_ range: Int, _ steps: PeopleSteps) throws(KernelFailure) {
    try forEachBlock(of: range, steps) { (scan, rows) throws(SectionProblem) in
      looked += rows.count
      guard !hasToStop, try scan.load(scan.reader.block) else { return }
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
}
