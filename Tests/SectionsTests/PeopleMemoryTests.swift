import Events
import Testing

@testable import Sections

@Suite("Directories of people made from earlier ones") struct PeopleMemoryTests {
  /// What a project goes through: sections are sealed and stay, hot ones come and are replaced, people
  /// are joined and taken apart again, rows are erased.
  private struct Course {
    var random: SeededGenerator
    var sealed: [Section] = []
    var hot: [Section] = []
    var joined = JoinedPeople()
    let ids: [PersonHash]
    private var parts: [[Event]]

    init(seed: Int) {
      random = SeededGenerator(seed: UInt64(seed))
      let events = randomEvents(3_000, &random)
      ids = Array(Set(events.compactMap { person(of: $0) })).sorted()
      var parts = [[Event]](repeating: [], count: 24)
      for event in events { parts[Int.random(in: 0..<24, using: &random)].append(event) }
      self.parts = parts
    }

    mutating func newSections() throws -> [Section] {
      guard let events = parts.popLast(), !events.isEmpty else { return [] }
      return try sections(of: events).map { try Section($0) }
    }

    mutating func step() throws {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: sealed += try newSections()
      case 1: hot += try newSections()
      case 2: hot = try newSections()
      case 3:
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          guard let (id, other) = pair() else { continue }
          let canonical = joined[other] ?? other
          if canonical == joined[id] ?? id { continue }
          // Whoever stood for others goes with all of them.
          let own = joined[id] ?? id
          for (key, value) in joined.map({ $0 }) where value == own { joined[key] = canonical }
          joined[own] = canonical
        }
      case 4: if let id = joined.keys.randomElement(using: &random) { joined[id] = nil }
      default:
        guard let place = sealed.indices.randomElement(using: &random),
          let id = ids.randomElement(using: &random)
        else { return }
        var erased = ErasedPeople()
        erased.add(id, until: .max)
        sealed[place] = try sealed[place].hiding(erased.rows(of: sealed[place]))
      }
    }

    private mutating func pair() -> (PersonHash, PersonHash)? {
      guard let one = ids.randomElement(using: &random),
        let other = ids.randomElement(using: &random)
      else { return nil }
      return one == other ? nil : (one, other)
    }
  }

  private func isSame(_ left: PersonDirectory, _ right: PersonDirectory) -> Bool {
    left.firstRuns == right.firstRuns && left.runs == right.runs
      && left.isTangled == right.isTangled && left.highs == right.highs
  }

  @Test("a directory is the one that is made anew, whatever happened since", arguments: 0..<60)
  func sequences(seed: Int) throws {
    var course = Course(seed: seed)
    let memory = PeopleMemory()
    for number in 0..<40 {
      try course.step()
      // Not every change is followed by a question.
      if Int.random(in: 0..<3, using: &course.random) == 0 { continue }
      let all = course.sealed + course.hot
      let found = try memory.directory(
        of: all, lasting: course.sealed.count, joined: course.joined)
      let anew = try PersonDirectory(all, joined: course.joined)
      try #require(isSame(found, anew), "step \(number)")
    }
  }

  @Test("what one section and a few joins change is found without putting all in order")
  func extended() throws {
    var course = Course(seed: 1)
    for _ in 0..<20 { course.sealed += try course.newSections() }
    let old = try PersonDirectory(course.sealed, joined: course.joined)
    let before = course.joined
    let count = course.sealed.count
    course.sealed += try course.newSections()
    course.joined[course.ids[3]] = course.ids[9]
    let extended = try DirectoryExtension.directory(
      extending: old, of: count, joined: before, to: course.sealed, joined: course.joined)
    let anew = try PersonDirectory(course.sealed, joined: course.joined)
    let directory = try #require(extended)
    #expect(isSame(directory, anew))
  }
}
