package import Calendar
package import Query
package import Sections

extension PeopleQuestion: SectionQuestion {
  package func answer(
    by answers: SectionAnswers, from snapshot: Snapshot, asOf: Instant, within limits: Limits
  ) async throws(QueryError) -> Sighted<Answer<Content>> {
    try check()
    return try await answers.seeing(snapshot, limits) { attempt throws(KernelFailure) in
      try await attempt.prepareFacts()
      let kernels = FlowKernels(
        attempt.snapshot, on: attempt.threads, within: attempt.budget)
      let found = try await kernels.people(of: self)
      let named = try await kernels.named(found.map(\.hash))
      var people: [Person] = []
      for (entry, id) in zip(found, named) {
        guard let id else { continue }
        people.append(
          Person(
            id: id, events: entry.events, firstCts: entry.first, lastCts: entry.last))
      }
      let isByDay = self.scope.days > 1 && people.contains { $0.id.kind == .visitor }
      if let after = self.after { people.removeAll { $0.id <= after } }
      people.sort { $0.id < $1.id }
      let page = Array(people.prefix(self.limit))
      return Answer(
        Content(people: page, next: page.count < people.count ? page.last?.id : nil),
        by: Definition(of: self, asOf: asOf, uniques: isByDay ? .sumOfDaily : .exact))
    }
  }
}

/// Whoever has a selected event, and what they have of these.
struct FoundPerson: Sendable {
  var hash: PersonHash
  var events: Int
  var first: Int64
  var last: Int64
}

extension FlowKernels {
  func people(of question: PeopleQuestion) async throws(KernelFailure) -> [FoundPerson] {
    var marks = try await marks(question.scope, [question.selector])
    marks.interest = 1
    let source = try FlowSource(snapshot, marks)
    let parts = try await run(source) { PeopleTask($0) }
    return parts.flatMap { $0 }
  }

  /// What people are called: each in its place.
  func named(_ people: [PersonHash]) async throws(KernelFailure) -> [PersonID?] {
    let (snapshot, budget) = (snapshot, budget)
    let step = 1_024
    let parts = try await threads.run(
      steps: (people.count + step - 1) / step, within: budget
    ) { steps throws(KernelFailure) in
      let names = PersonNames(snapshot)
      var found: [(Int, [PersonID?])] = []
      var bytes = 0
      while let number = try steps.next() {
        var named: [PersonID?] = []
        for person in people[(number * step)..<min(people.count, (number + 1) * step)] {
          let name = try names.name(of: person)
          bytes += 48 + (name?.text.utf8.count ?? 0)
          named.append(name)
        }
        found.append((number, named))
        let held = bytes
        try KernelFailure.asking { () throws(QueryError) in try budget.check(bytes: held) }
      }
      return found
    }
    return parts.flatMap { $0 }.sorted { $0.0 < $1.0 }.flatMap(\.1)
  }
}

/// Counts each person's selected events.
private final class PeopleTask: FlowTask {
  private struct Rows: FlowSink {
    var events = 0
    var first: Int64 = 0
    var last: Int64 = 0
    let isSatisfied = false

    mutating func take(_ stretch: borrowing Stretch) {
      var row = 0
      while row < (unsafe stretch.count) {
        // SAFETY: the stretch has so many rows.
        if unsafe stretch.marks[row] & 1 != 0 {
          let time = unsafe stretch.times[row]
          if events == 0 { first = time }
          last = time
          events &+= 1
        }
        row &+= 1
      }
    }
  }

  private let reader: FlowReader
  private var found: [FoundPerson] = []

  init(_ reader: FlowReader) { self.reader = reader }

  var byteCount: Int { MemoryLayout<FoundPerson>.stride * found.count }

  func look(at people: Range<Int>) throws(KernelFailure) {
    for person in people {
      var rows = Rows()
      try reader.walk(person, &rows)
      if rows.events > 0 {
        found.append(
          FoundPerson(
            hash: reader.source.hash(of: person), events: rows.events, first: rows.first,
            last: rows.last))
      }
    }
  }

  func finish() -> [FoundPerson] { found }
}
