import Calendar
import Query
import Sections

/// In which pieces of time each person was active: for questions that look at people over time.
struct ActivityPass: Sendable {
  /// In the place of a piece: before those that a question tells apart.
  static let earlier: UInt32 = 0

  let filter: EventFilter
  /// Piece n of the table is n + 1 here.
  let table: BucketTable
  /// Whether what was before the table's range counts.
  private let looksBack: Bool

  /// The pieces of a scope, and as one what was before them.
  init(
    _ scope: Scope, _ selector: EventSelector, _ bucket: Bucket, from start: Instant,
    looksBack: Bool, profiles: ProfileSource? = nil
  ) throws(QueryError) {
    let end = scope.range.upperBound
    do {
      table = try BucketTable(
        bucket, in: start..<end, of: scope.zone, limit: Scope.maximumPieces + 1)
    } catch { throw .tooManyBuckets(limit: Scope.maximumPieces) }
    self.looksBack = looksBack
    let first = looksBack ? Int64.min : start.milliseconds
    filter = try EventFilter(
      scope, selector, times: first..<end.milliseconds, profiles: profiles)
  }

  /// The piece of each time, 0 for those before.
  func pieces(of times: Span<Int64>, into pieces: inout [UInt32]) {
    var target = pieces.mutableSpan
    table.indexes(of: times, into: &target)
    for index in times.indices { target[index] = target[index] &+ 1 }
  }
}

/// One thread's part: lends the pieces of one person after another.
final class ActivityWorker {
  private let pass: ActivityPass
  private let steps: PeopleSteps
  private var readers: [Int: (reader: BlockReader, filter: BlockFilter)] = [:]
  private var keys: [UInt64] = []
  private var pieces = [UInt32](repeating: 0, count: Section.blockRows)

  init(_ pass: ActivityPass, _ steps: PeopleSteps) {
    self.pass = pass
    self.steps = steps
  }

  /// Lends `body` the pieces of each person of a step: ascending, each once.
  func forEachPerson(
    of step: Int, _ body: (ArraySlice<UInt64>) -> Void
  ) throws(KernelFailure) {
    guard case .people(let range) = steps[step] else { return }
    let people = steps.people(of: range)
    keys.removeAll(keepingCapacity: true)
    for section in steps.sections.indices {
      let runs = try KernelFailure.naming(section) { () throws(SectionProblem) in
        try steps.runs(of: range, in: section)
      }
      if !runs.isEmpty { try gather(runs, of: section, people) }
    }
    for run in try steps.displacedRuns(of: people, outside: range) {
      let number = Int(run.run.run)
      try gather(number..<(number + 1), of: Int(run.run.section), people)
    }
    keys.sort()
    var start = 0
    while start < keys.count {
      let person = keys[start] >> 32
      var end = start
      var kept = start
      while end < keys.count, keys[end] >> 32 == person {
        if kept == start || keys[kept - 1] != keys[end] {
          keys[kept] = keys[end]
          kept += 1
        }
        end += 1
      }
      body(keys[start..<kept])
      start = end
    }
  }

  /// The piece of a key that `forEachPerson` lends.
  static func piece(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key) }

  private func gather(
    _ runs: Range<Int>, of section: Int, _ people: Range<Int>
  ) throws(KernelFailure) {
    try KernelFailure.naming(section) { () throws(SectionProblem) in
      if readers[section] == nil {
        let reader = try BlockReader(steps.sections[section])
        readers[section] = (reader, try BlockFilter(pass.filter, section: section, reader))
      }
      guard let (reader, filter) = readers[section], !filter.isEmpty else { return }
      let firstRows = try steps.sections[section].runs().firstRows
      let ofRun = steps.ordinals.ofRun[section]
      var run = runs.lowerBound
      let end = Int(firstRows[runs.upperBound])
      var block = Int(firstRows[run]) / Section.blockRows
      while block * Section.blockRows < end {
        try reader.load(block)
        let count = try filter.load(reader)
        if count > 0 {
          let times = reader.times.values
          pass.pieces(of: times.span.extracting(first: reader.count), into: &pieces)
          for index in 0..<count {
            let row = reader.firstRow + Int(filter.rows[index])
            guard row >= Int(firstRows[runs.lowerBound]), row < end else { continue }
            while row >= Int(firstRows[run + 1]) { run += 1 }
            let person = Int(ofRun[run])
            guard people.contains(person) else { continue }
            let piece = pieces[Int(filter.rows[index])]
            let key = UInt64(person) << 32 | UInt64(piece)
            if keys.last != key { keys.append(key) }
          }
        }
        block += 1
      }
    }
  }
}

extension Attempt {
  /// Calls `body` on each thread for each person's pieces, and says what the threads have made.
  func activity<Output: Sendable>(
    _ pass: ActivityPass, everyone: Bool, from start: @escaping @Sendable () -> Output,
    _ body: @escaping @Sendable (inout Output, ArraySlice<UInt64>) -> Void
  ) async throws(KernelFailure) -> [Output] {
    let isMeant = sections.map { section in
      pass.filter.times.lowerBound <= section.directory.times.upperBound
        && section.directory.times.lowerBound < pass.filter.times.upperBound
    }
    let people = PeopleSteps(sections, try await ordinals(everyone: everyone), where: isMeant)
    return try await threads.run(steps: people.count, within: budget) {
      steps throws(KernelFailure) in
      let worker = ActivityWorker(pass, people)
      var output = start()
      while let step = try steps.next() {
        try worker.forEachPerson(of: step) { body(&output, $0) }
      }
      return output
    }
  }
}
