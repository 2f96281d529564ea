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
  /// The high half of each person's hash, ascending.
  package private(set) var highs: [UInt64] = []

  package var count: Int { isTangled.count }

  package func runs(of person: Int) -> Range<Int> {
    Int(firstRuns[person])..<Int(firstRuns[person + 1])
  }

  init() {}

  init(
    _ sections: [Section], joined: JoinedPeople, everyone: Bool = false
  ) throws(SectionProblem) {
    var entries = PersonEntries()
    for (number, section) in sections.enumerated() {
      try entries.add(PersonSource(section, number: number), joined: joined, everyone: everyone)
    }
    entries.sort()
    runs.reserveCapacity(entries.count)
    var place = 0
    while place < entries.count {
      let end = entries.end(ofPersonAt: place)
      append(entries[place..<end])
      place = end
    }
  }

  /// Adds a person who comes behind all others, with the runs in the order of their first events.
  mutating func append(_ entries: ArraySlice<PersonEntries.Entry>) {
    var last = Int64.min
    var tangled = false
    for entry in entries {
      tangled = tangled || entry.first <= last
      last = max(last, entry.last)
      runs.append(entry.run)
      if highs.count == isTangled.count { highs.append(entry.person.high) }
    }
    isTangled.append(tangled)
    firstRuns.append(UInt32(runs.count))
  }

  /// Adds neighbours of another directory of the same sections.
  mutating func append(_ people: Range<Int>, of other: PersonDirectory) {
    guard !people.isEmpty else { return }
    let (first, end) = (other.firstRuns[people.lowerBound], other.firstRuns[people.upperBound])
    let shift = UInt32(runs.count) &- first
    runs += other.runs[Int(first)..<Int(end)]
    firstRuns += other.firstRuns[(people.lowerBound + 1)...people.upperBound].map { $0 &+ shift }
    isTangled += other.isTangled[people]
    highs += other.highs[people]
  }

  mutating func reserve(people: Int, runs: Int) {
    firstRuns.reserveCapacity(people + 1)
    isTangled.reserveCapacity(people)
    highs.reserveCapacity(people)
    self.runs.reserveCapacity(runs)
  }
}
