import Events
import Testing

@testable import Sections

@Suite("People of sections") struct PeopleTests {
  /// A visit as the definition has it: the person's events in order, cut where more than 30 minutes lie
  /// between one and the next.
  private func visits(of events: [Event]) -> [ClosedRange<Int64>] {
    var visits: [ClosedRange<Int64>] = []
    for time in events.filter({ !$0.kind.isOperation }).map(\.cts).sorted() {
      if let last = visits.last, time - last.upperBound <= 30 * 60_000 {
        visits[visits.count - 1] = last.lowerBound...time
      } else {
        visits.append(time...time)
      }
    }
    return visits
  }

  @Test("runs, visits, masks and quarters are those of the rows", arguments: 0..<20)
  func facts(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 100))
    let events = randomEvents([1, 300, 2_500][seed % 3], &random)
    for encoded in try sections(of: events) {
      let section = try Section(encoded)
      let window = section.directory.window
      let rule = WindowRule(months: 1_600_000_000_000..<1_900_000_000_000)
      let own = events.filter { rule.window(of: $0.cts) == window }
      let byPerson = Dictionary(grouping: own.filter { person(of: $0) != nil }) {
        person(of: $0) ?? PersonHash(high: 0, low: 0)
      }
      let runs = try section.runs()
      let facts = try section.facts()
      #expect(runs.count == byPerson.count)
      for run in 0..<runs.count {
        let events = byPerson[runs.person(run)] ?? []
        #expect(runs.rows(of: run).count == events.count)
        #expect(runs.run(of: runs.person(run)) == run)
        let found = facts.visits(of: run).map { facts.starts[$0]...facts.ends[$0] }
        #expect(found == visits(of: events))
        let names = Set(events.filter { !$0.kind.isOperation }.map(\.name))
        let bits = zip(section.heads, section.nameBits).filter { names.contains($0.0.name) }
        #expect(facts.masks[run] == bits.reduce(0) { $0 | $1.1 })
      }
      let rollup = try section.rollup()
      for (number, head) in section.heads.enumerated() {
        let rows = own.filter {
          EventHead(name: $0.name, kind: $0.kind, flags: $0.flags) == head
        }
        let counts = Dictionary(grouping: rows) { $0.cts / 900_000 }.mapValues { Int64($0.count) }
        let cells = rollup.cells(ofHead: number)
        #expect(cells.map { rollup.quarters[$0] } == counts.keys.sorted())
        #expect(cells.allSatisfy { counts[rollup.quarters[$0]] == rollup.counts[$0] })
      }
    }
  }

  @Test("the directory has every person once, with all runs in order of time", arguments: 0..<20)
  func directory(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed + 200))
    let events = randomEvents(2_000, &random)
    let halves = [Array(events[..<700]), Array(events[700...])]
    let all = try halves.flatMap { try sections(of: $0) }.map { try Section($0) }
    // Every third person is joined with the one before it, in the order of their hashes.
    let people = Set(events.compactMap { person(of: $0) }).sorted()
    var joined = JoinedPeople()
    for index in stride(from: 2, to: seed % 2 == 0 ? 0 : people.count, by: 3) {
      joined[people[index]] = people[index - 1]
    }
    let snapshot = Snapshot(all, of: secret, joined: joined)
    let directory = try snapshot.people()
    var expected: [PersonHash: Int] = [:]
    for event in events where !event.kind.isOperation {
      if let person = person(of: event) { expected[snapshot.canonical(person), default: 0] += 1 }
    }
    #expect(directory.count == expected.count)
    for (number, person) in expected.keys.sorted().enumerated() {
      var count = 0
      var last = Int64.min
      var first = Int64.min
      var tangled = false
      for run in directory.runs(of: number).map({ directory.runs[$0] }) {
        let section = all[Int(run.section)]
        #expect(snapshot.canonical(try section.runs().person(Int(run.run))) == person)
        let facts = try section.facts()
        for visit in facts.visits(of: Int(run.run)) { count += Int(facts.eventCounts[visit]) }
        let times = try #require(facts.times(of: Int(run.run)))
        #expect(first <= times.lowerBound)
        first = times.lowerBound
        tangled = tangled || times.lowerBound <= last
        last = max(last, times.upperBound)
      }
      #expect(count == expected[person])
      #expect(directory.isTangled[number] == tangled)
    }
  }
}
