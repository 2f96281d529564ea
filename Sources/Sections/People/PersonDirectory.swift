/// The people of a snapshot, numbered in the order of their hashes, and the runs of each: its rows in
/// the sections that have some. Joined people are one, so that a joined history costs no question
/// anything. Whoever has nothing but operations on a profile is not in it.
package struct PersonDirectory: Sendable {
  /// A run: its section, by its place in the snapshot, and its number there.
  package struct Run: Hashable, Sendable {
    package let section: UInt32
    package let run: UInt32

    @inlinable
    package init(section: UInt32, run: UInt32) {
      self.section = section
      self.run = run
    }
  }

  /// Where the runs of each person begin, and one more for the end.
  package private(set) var firstRuns: [UInt32] = [0]
  /// Person after person, each person's runs by the time of their first event.
  package private(set) var runs: [Run] = []
  /// Whether some run of the person begins before another one has ended, or with its last event: then
  /// rows have to be merged one by one.
  package private(set) var isTangled: [Bool] = []

  package var count: Int { isTangled.count }

  package func runs(of person: Int) -> Range<Int> {
    Int(firstRuns[person])..<Int(firstRuns[person + 1])
  }

  /// For those who have no events.
  private static let never = Int64.max...Int64.max

  private struct Entry {
    var person: PersonHash
    var first: Int64
    var last: Int64
    var run: Run
  }

  init(
    _ sections: [Section], joined: JoinedPeople, everyone: Bool = false
  ) throws(SectionProblem) {
    var entries: [Entry] = []
    for (number, section) in sections.enumerated() {
      let runs = try section.runs()
      let facts = try section.facts()
      entries.reserveCapacity(entries.count + runs.count)
      for run in 0..<runs.count {
        guard let times = facts.times(of: run) ?? (everyone ? Self.never : nil) else { continue }
        if !section.hidden.isEmpty, section.hidden.covers(runs.rows(of: run)) { continue }
        let person = runs.person(run)
        entries.append(
          Entry(
            person: joined.isEmpty ? person : joined[person] ?? person, first: times.lowerBound,
            last: times.upperBound, run: Run(section: UInt32(number), run: UInt32(run))))
      }
    }
    Self.sort(&entries)
    runs.reserveCapacity(entries.count)
    var index = 0
    while index < entries.count {
      let person = entries[index].person
      var last = Int64.min
      var tangled = false
      while index < entries.count, entries[index].person == person {
        tangled = tangled || entries[index].first <= last
        last = max(last, entries[index].last)
        runs.append(entries[index].run)
        index += 1
      }
      isTangled.append(tangled)
      firstRuns.append(UInt32(runs.count))
    }
  }

  /// By person, then by first time. Hashes are spread evenly: a counting sort by their high bits leaves
  /// a few entries in each bucket, and those are put in order where they lie.
  private static func sort(_ entries: inout [Entry]) {
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
        sorted[ends[bucket]..<ends[bucket + 1]].sort(by: isBefore)
      } else {
        insertionSort(&sorted, ends[bucket]..<ends[bucket + 1])
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
