/// Makes the directory of sections from that of the first ones of them, where few people have been
/// joined since: it takes the time of a copy, not that of putting all runs in order.
struct DirectoryExtension {
  private let old: PersonDirectory
  private let before: JoinedPeople
  private let joined: JoinedPeople
  /// Of all sections.
  private let sources: [PersonSource]
  private let oldCount: Int
  /// People of the old directory whose runs are no longer all theirs, ascending.
  private var dissolved: [Int] = []
  /// What is new, and what was theirs.
  private var entries = PersonEntries()

  /// Nil where so many were joined, or such an amount is new, that all is done as quickly anew.
  static func directory(
    extending old: PersonDirectory, of count: Int, joined before: JoinedPeople,
    to sections: [Section], joined: JoinedPeople
  ) throws(SectionProblem) -> PersonDirectory? {
    guard let changes = joined.changes(since: before), changes.count <= old.count / 8 else {
      return nil
    }
    var sources: [PersonSource] = []
    for (number, section) in sections.enumerated() {
      sources.append(try PersonSource(section, number: number))
    }
    let new = sources[count...].reduce(0) { $0 + $1.runs.count }
    guard new <= old.runs.count else { return nil }
    var extending = Self(old, before, joined, sources, oldCount: count)
    extending.dissolve(changes)
    for source in sources[count...] { try extending.entries.add(source, joined: joined) }
    extending.entries.sort()
    return extending.merged()
  }

  private init(
    _ old: PersonDirectory, _ before: JoinedPeople, _ joined: JoinedPeople,
    _ sources: [PersonSource], oldCount: Int
  ) {
    self.old = old
    self.before = before
    self.joined = joined
    self.sources = sources
    self.oldCount = oldCount
  }

  /// Takes the old people apart who had one of these ids.
  private mutating func dissolve(_ changed: [PersonHash]) {
    var people: Set<Int> = []
    for id in changed where sources[..<oldCount].contains(where: { $0.runs.run(of: id) != nil }) {
      let person = before[id] ?? id
      let place = place(of: person, from: 0)
      if place < old.count, self.person(at: place) == person { people.insert(place) }
    }
    dissolved = people.sorted()
    for person in dissolved { addRuns(of: person, to: &entries) }
  }

  private func addRuns(of person: Int, to entries: inout PersonEntries) {
    for run in old.runs[old.runs(of: person)] {
      let source = sources[Int(run.section)]
      if let entry = source.entry(ofRun: Int(run.run), joined: joined) { entries.add(entry) }
    }
  }

  private func person(at place: Int) -> PersonHash {
    let run = old.runs[Int(old.firstRuns[place])]
    let own = sources[Int(run.section)].runs.person(Int(run.run))
    return before[own] ?? own
  }

  /// The first old person from this one on who is not before somebody: near ones are found quickly.
  private func place(of person: PersonHash, from first: Int) -> Int {
    var low = first
    var step = 1
    while low + step < old.count, old.highs[low + step] < person.high {
      low += step
      step *= 2
    }
    var high = min(old.count, low + step)
    while low < high {
      let middle = (low + high) / 2
      if old.highs[middle] < person.high { low = middle + 1 } else { high = middle }
    }
    while low < old.count, old.highs[low] == person.high, self.person(at: low) < person { low += 1 }
    return low
  }

  private func merged() -> PersonDirectory {
    var directory = PersonDirectory()
    directory.reserve(
      people: old.count + entries.count, runs: old.runs.count + entries.count)
    var next = 0
    var gap = 0
    var one = PersonEntries()
    var place = 0
    while place < entries.count {
      let end = entries.end(ofPersonAt: place)
      let person = entries[place].person
      let meeting = self.place(of: person, from: next)
      copy(next..<meeting, &gap, to: &directory)
      next = meeting
      let isKnown = meeting < old.count && self.person(at: meeting) == person
      if isKnown, gap == dissolved.count || dissolved[gap] != meeting {
        one.removeAll()
        addRuns(of: meeting, to: &one)
        for entry in entries[place..<end] { one.add(entry) }
        one.sort()
        directory.append(one[0..<one.count])
        next += 1
      } else {
        directory.append(entries[place..<end])
      }
      place = end
    }
    copy(next..<old.count, &gap, to: &directory)
    return directory
  }

  /// Copies old people, except for those who were dissolved; `gap` is the next of these.
  private func copy(_ people: Range<Int>, _ gap: inout Int, to directory: inout PersonDirectory) {
    var first = people.lowerBound
    while gap < dissolved.count, dissolved[gap] < people.upperBound {
      directory.append(first..<dissolved[gap], of: old)
      first = dissolved[gap] + 1
      gap += 1
    }
    directory.append(first..<people.upperBound, of: old)
  }
}
