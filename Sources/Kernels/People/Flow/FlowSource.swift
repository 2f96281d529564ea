import Columns
import Events
import Query
import Sections

/// What all threads of a question share.
final class FlowSource: Sendable {
  let snapshot: Snapshot
  let people: PersonDirectory
  let runs: [PersonRuns]
  let facts: [RunFacts]
  let marks: EventMarks
  let paths: [PropertyPath]
  let numbers = ValueNumbers()
  /// What keys of ids of sessions are made with; nil where nobody asks for them.
  let sessions: TextKey?
  /// By section: the bits of names that are of interest; none where nothing is.
  let wanted: [UInt64]
  /// By section: of each run, the bits of its names. Operations have none of their own, and leave no
  /// trace in what is known of runs: where they count, each run may have everything, and all rows are
  /// merged.
  let masks: [Cells<UInt64>]
  let isTangled: [Bool]
  let countsOperations: Bool

  init(
    _ snapshot: Snapshot, _ marks: EventMarks, values paths: [PropertyPath] = [],
    sessionIDs: Bool = false
  ) throws(KernelFailure) {
    for path in paths {
      try KernelFailure.asking { () throws(QueryError) in try PathValues.check(path, marks.profiles)
      }
    }
    self.snapshot = snapshot
    self.marks = marks
    self.paths = paths
    sessions = sessionIDs ? TextKey() : nil
    var runs: [PersonRuns] = []
    var facts: [RunFacts] = []
    var wanted: [UInt64] = []
    for (number, section) in snapshot.sections.enumerated() {
      runs.append(
        try KernelFailure.naming(number) { () throws(SectionProblem) in try section.runs() })
      facts.append(
        try KernelFailure.naming(number) { () throws(SectionProblem) in try section.facts() })
      wanted.append(Self.wanted(of: section, marks))
    }
    self.runs = runs
    self.facts = facts
    let counted = !marks.scope.kinds.isDisjoint(with: .operations)
    countsOperations = counted
    self.wanted = counted ? wanted.map { $0 == 0 ? 0 : .max } : wanted
    masks = facts.map {
      counted ? Cells(Array(repeating: .max, count: $0.masks.count)) : $0.masks
    }
    let people = try KernelFailure.naming(0) { () throws(SectionProblem) in
      counted ? try snapshot.everyone() : try snapshot.people()
    }
    self.people = people
    isTangled = counted ? Array(repeating: true, count: people.count) : people.isTangled
  }

  private static func wanted(of section: Section, _ marks: EventMarks) -> UInt64 {
    let (times, known) = (marks.scope.times, section.directory.times)
    guard !times.isEmpty, times.lowerBound <= known.upperBound,
      times.upperBound > known.lowerBound
    else { return 0 }
    var wanted: UInt64 = 0
    for (bit, mark) in zip(section.nameBits, marks.possible(section.heads))
    where mark & marks.interest != 0 {
      // An operation has no bit.
      wanted |= bit == 0 ? .max : bit
    }
    return wanted
  }

  /// What the lane of a section takes for a row: its time, its mark, its numbers, its session's key.
  var rowBytes: Int { 16 + 4 * paths.count + (sessions == nil ? 0 : 8) }

  /// How many people make a step: enough that few blocks are read by two threads.
  func peopleOfStep(threads: Int) -> Int {
    let rows = runs.reduce(0) { $0 + Int($1.firstRows.last ?? 0) }
    let blocks = 8 * Section.blockRows * max(1, runs.count)
    let least = rows == 0 ? 1 : blocks * people.count / rows
    return max(1, least, people.count / (16 * threads))
  }
}
