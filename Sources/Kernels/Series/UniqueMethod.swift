import Calendar
import Query
import Sections

extension Attempt {
  /// How people were told apart where a series question counts some.
  func uniqueMethod(of question: SeriesQuestion) async throws(KernelFailure) -> UniqueMethod? {
    let days = question.series.compactMap { series in
      switch series.measure {
      case .rollingPeople(let days): max(days, question.scope.days)
      default: series.measure.countsPeople ? question.scope.days : nil
      }
    }
    guard let most = days.max() else { return nil }
    return try await uniqueMethod(
      of: question.scope, times: Int64.min..<Int64.max, days: most)
  }

  /// Whether events of the scope in these times are by people whose ids last a day, and were counted
  /// over more than one.
  func uniqueMethod(
    of scope: Scope, times: Range<Int64>, days: Int
  ) async throws(KernelFailure) -> UniqueMethod {
    guard days > 1 else { return .exact }
    let profiles = try await profiles(for: scope)
    let filter: EventFilter
    do {
      let condition = Condition.all([
        .exists(PropertyPath(.visitor)), .not(.exists(PropertyPath(.profile))),
        .not(.exists(PropertyPath(.device))),
      ])
      // The scope's own filter may be as large as filters get, so the two stand side by side.
      let selector = EventSelector.where(condition)
      filter = try EventFilter(scope, selector, times: times, profiles: profiles)
    } catch { throw .question(error) }
    let (sections, joined) = (sections, snapshot.joined)
    let found = try await threads.run(steps: sections.count, within: budget) {
      steps throws(KernelFailure) in
      while let number = try steps.next() {
        let isByDay = try KernelFailure.naming(number) { () throws(SectionProblem) in
          try Self.hasVisitor(sections[number], number, filter, joined)
        }
        if isByDay { return true }
      }
      return false
    }
    return found.contains(true) ? .sumOfDaily : .exact
  }

  /// Whether a section has an event of a visitor who has not been joined with somebody.
  private static func hasVisitor(
    _ section: Section, _ number: Int, _ filter: EventFilter, _ joined: JoinedPeople
  ) throws(SectionProblem) -> Bool {
    let reader = try BlockReader(section)
    // Most projects have no such ids: then there is one change, to none.
    let changes = try section.changes(of: .visitor)
    if changes.changeCount == 1 {
      let test = try IdentityTest(
        .visitor, .exists, of: reader,
        LexiconVerdicts.Place(verdicts: filter.verdicts, leaf: -1, section: number, table: -4))
      var only = test
      try only.evaluate(0..<1)
      if only.verdicts[0] == 0 { return false }
    }
    let blocks = try BlockFilter(filter, section: number, reader)
    if blocks.isEmpty { return false }
    let runs = try section.runs()
    for block in 0..<section.blockCount {
      try reader.load(block)
      for index in 0..<(try blocks.load(reader)) {
        if joined.isEmpty { return true }
        let row = UInt32(reader.firstRow + Int(blocks.rows[index]))
        let run = Self.run(of: row, in: runs)
        if joined[runs.person(run)] == nil { return true }
      }
    }
    return false
  }

  private static func run(of row: UInt32, in runs: PersonRuns) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs.firstRows[middle + 1] <= row { low = middle + 1 } else { high = middle }
    }
    return min(low, runs.count - 1)
  }
}

extension EventSelector {
  /// A condition that is known to be small.
  static func `where`(_ condition: Condition) -> EventSelector {
    guard let filter = try? Filter(condition), let selector = try? EventSelector(where: filter)
    else { preconditionFailure("a filter out of bounds: \(condition)") }
    return selector
  }
}
