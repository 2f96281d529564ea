/// A section as a directory of people sees it.
struct PersonSource {
  let number: Int
  let runs: PersonRuns
  let facts: RunFacts
  private let hidden: HiddenRows

  /// For those who have no events.
  private static let never = Int64.max...Int64.max

  init(_ section: Section, number: Int) throws(SectionProblem) {
    self.number = number
    runs = try section.runs()
    facts = try section.facts()
    hidden = section.hidden
  }

  /// Nil where the run's person has nothing here that counts.
  @inline(__always)
  func entry(
    ofRun run: Int, joined: JoinedPeople, everyone: Bool = false
  ) -> PersonEntries.Entry? {
    guard let times = facts.times(of: run) ?? (everyone ? Self.never : nil) else { return nil }
    if !hidden.isEmpty, hidden.covers(runs.rows(of: run)) { return nil }
    let person = runs.person(run)
    return PersonEntries.Entry(
      person: joined.isEmpty ? person : joined[person] ?? person, first: times.lowerBound,
      last: times.upperBound,
      run: PersonDirectory.Run(section: UInt32(number), run: UInt32(run)))
  }
}

/// Runs and who they are by, to be put in the order of people and times.
struct PersonEntries {
  struct Entry {
    let person: PersonHash
    let first: Int64
    let last: Int64
    let run: PersonDirectory.Run
  }

  private var entries: [Entry] = []

  var count: Int { entries.count }
  subscript(range: Range<Int>) -> ArraySlice<Entry> { entries[range] }
  subscript(place: Int) -> Entry { entries[place] }

  mutating func add(_ entry: Entry) { entries.append(entry) }

  mutating func add(
    _ source: PersonSource, joined: JoinedPeople, everyone: Bool = false
  ) throws(SectionProblem) {
    entries.reserveCapacity(entries.count + source.runs.count)
    for run in 0..<source.runs.count {
      if let entry = source.entry(ofRun: run, joined: joined, everyone: everyone) {
        entries.append(entry)
      }
    }
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Where the entries of the next person begin.
  func end(ofPersonAt place: Int) -> Int {
    let person = entries[place].person
    var end = place + 1
    while end < entries.count, entries[end].person == person { end += 1 }
    return end
  }

  /// By person, then by first time. Hashes are spread evenly: a counting sort by their high bits leaves
  /// a few entries in each bucket, and those are put in order where they lie.
  mutating func sort() {
    guard entries.count > 1 else { return }
    let bits = max(1, Int.bitWidth - (entries.count / 4).leadingZeroBitCount)
    let shift = UInt64(64 - min(bits, 24))
    var ends = [Int](repeating: 0, count: (1 << min(bits, 24)) + 1)
    for entry in entries { ends[Int(entry.person.high >> shift) + 1] += 1 }
    for bucket in 1..<ends.count { ends[bucket] += ends[bucket - 1] }
    var starts = ends
    var sorted = entries
    for entry in entries {
      let bucket = Int(entry.person.high >> shift)
      sorted[starts[bucket]] = entry
      starts[bucket] += 1
    }
    for bucket in 0..<(ends.count - 1) where ends[bucket + 1] - ends[bucket] > 1 {
      if ends[bucket + 1] - ends[bucket] > 64 {
        // Somebody with very many runs, or very many joined: let nobody make this slow.
        sorted[ends[bucket]..<ends[bucket + 1]].sort(by: Self.isBefore)
      } else {
        Self.insertionSort(&sorted, ends[bucket]..<ends[bucket + 1])
      }
    }
    entries = sorted
  }

  private static func insertionSort(_ entries: inout [Entry], _ range: Range<Int>) {
    var next = range.lowerBound + 1
    while next < range.upperBound {
      let entry = entries[next]
      var place = next
      while place > range.lowerBound, isBefore(entry, entries[place - 1]) {
        entries[place] = entries[place - 1]
        place -= 1
      }
      entries[place] = entry
      next += 1
    }
  }

  @inline(__always)
  private static func isBefore(_ left: Entry, _ right: Entry) -> Bool {
    if left.person != right.person { return left.person < right.person }
    if left.first != right.first { return left.first < right.first }
    // Any order will do that is always the same.
    return left.run.section != right.run.section
      ? left.run.section < right.run.section : left.run.run < right.run.run
  }
}
