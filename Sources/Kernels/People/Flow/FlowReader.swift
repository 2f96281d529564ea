import Events
import Query
import Sections

/// Rows of one person, next to each other in time: what a question's loops look at.
@unsafe struct Stretch {
  let times: UnsafePointer<Int64>
  let marks: UnsafePointer<UInt64>
  /// The numbers of the question's first value; those of the next follow `Section.blockRows` later.
  let numbers: UnsafePointer<UInt32>
  let count: Int

  /// The key of a row's session, whose words begin so far behind the numbers; 0 for none.
  @inline(__always)
  func session(of row: Int, at place: Int) -> UInt64 {
    // SAFETY: whoever asked for ids of sessions has two words for each row.
    unsafe UInt64(numbers[place &+ row]) | UInt64(numbers[place &+ Section.blockRows &+ row]) &<< 32
  }
}

/// What takes a person's rows, stretch by stretch, in the order of time and then of ids. Rows with a
/// mark of zero are not events of the question.
protocol FlowSink: ~Copyable {
  /// Nothing more of this person is wanted.
  var isSatisfied: Bool { get }
  /// About what it holds, where one person's rows alone can make that much; asked at each block.
  var heldBytes: Int { get }
  mutating func take(_ stretch: borrowing Stretch)
}

extension FlowSink where Self: ~Copyable {
  var heldBytes: Int { 0 }
}

/// What all threads of a question share.
final class FlowSource: Sendable {
  let snapshot: Snapshot
  let people: PersonDirectory
  let runs: [PersonRuns]
  let facts: [RunFacts]
  let marks: EventMarks
  let paths: [PropertyPath]
  let numbers = ValueNumbers()
  /// Nil where nobody asks for the ids of sessions; else two words of each follow the values.
  let sessions: SessionKeys.Secret?
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
    sessions = sessionIDs ? SessionKeys.Secret() : nil
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

  /// How many numbers a row has.
  var columnCount: Int { paths.count + (sessions == nil ? 0 : 2) }

  /// How many people make a step: enough that few blocks are read by two threads.
  func peopleOfStep(threads: Int) -> Int {
    let rows = runs.reduce(0) { $0 + Int($1.firstRows.last ?? 0) }
    let blocks = 8 * Section.blockRows * max(1, runs.count)
    let least = rows == 0 ? 1 : blocks * people.count / rows
    return max(1, least, people.count / (16 * threads))
  }
}

/// One thread's way over the people of a snapshot. Memory is a block of each section, whatever a
/// person's history.
@safe final class FlowReader {
  let source: FlowSource
  /// By section. SAFETY: as many as the snapshot has sections, as long as the reader lives; the memory
  /// that a lane names is the reader's or that of the source's facts.
  let lanes: UnsafeMutablePointer<FlowLane>
  // SAFETY, for these three: lent for the time of a `FlowRun`, which ends before what lent them.
  let firstRuns: UnsafePointer<UInt32>
  let runs: UnsafePointer<PersonDirectory.Run>
  let isTangled: UnsafePointer<Bool>

  /// Asked at each block that is read, so that one person's long history ends in time as well.
  private let steps: Steps
  private let sectionCount: Int
  private let memory: UnsafeMutableRawPointer
  private var blocks: [FlowBlocks?]
  private let tangle: TangledRuns
  private var ids: [IDSection?]

  init(
    _ source: FlowSource, _ steps: Steps, _ firstRuns: UnsafePointer<UInt32>,
    _ runs: UnsafePointer<PersonDirectory.Run>, _ isTangled: UnsafePointer<Bool>
  ) {
    self.source = source
    self.steps = steps
    unsafe self.firstRuns = firstRuns
    unsafe self.runs = runs
    unsafe self.isTangled = isTangled
    let count = source.facts.count
    sectionCount = count
    blocks = Array(repeating: nil, count: count)
    ids = Array(repeating: nil, count: count)
    tangle = TangledRuns(values: source.columnCount)
    let rows = Section.blockRows
    let bytes = rows * (8 + 8 + 4 * source.columnCount)
    unsafe memory = .allocate(byteCount: max(1, bytes * count), alignment: 64)
    unsafe lanes = .allocate(capacity: max(1, count))
    for number in 0..<count {
      let (facts, runs) = (source.facts[number], source.runs[number])
      // SAFETY: each lane has its own part of the memory, aligned for its widest values.
      let own = unsafe memory + number * bytes
      var lane = unsafe FlowLane(
        times: own.bindMemory(to: Int64.self, capacity: rows),
        marks: (own + 8 * rows).bindMemory(to: UInt64.self, capacity: rows),
        numbers: (own + 16 * rows).bindMemory(
          to: UInt32.self, capacity: rows * source.columnCount),
        masks: source.masks[number].start, firstRows: runs.firstRows.start,
        firstVisits: facts.firstVisits.start, starts: facts.starts.start, ends: facts.ends.start,
        eventCounts: facts.eventCounts.start, viewCounts: facts.viewCounts.start,
        actCounts: facts.actCounts.start)
      let (times, known) = (
        source.marks.scope.times, source.snapshot.sections[number].directory.times
      )
      unsafe lane.wanted = source.wanted[number]
      unsafe lane.isInside =
        times.lowerBound <= known.lowerBound && times.upperBound > known.upperBound
      unsafe (lanes + number).initialize(to: lane)
    }
  }

  deinit {
    unsafe lanes.deallocate()
    unsafe memory.deallocate()
  }

  /// Brings the block of a section's row into its lane. `bytes`: what is held by whoever asks.
  func load(section number: Int, row: Int, holding bytes: Int = 0) throws(KernelFailure) {
    try steps.check(bytes: bytes)
    do throws(SectionProblem) {
      if blocks[number] == nil {
        blocks[number] = try FlowBlocks(
          source, section: number, source.snapshot.sections[number])
      }
      // SAFETY: the section is one of the snapshot's.
      try unsafe blocks[number]?.load(row: row, into: &lanes[number])
    } catch { throw .section(number, error) }
  }

  func check(holding bytes: Int) throws(KernelFailure) { try steps.check(bytes: bytes) }

  /// The id of a row, by which rows of one millisecond are in order.
  func id(section number: Int, row: Int, time: Int64) throws(KernelFailure) -> EventID {
    do throws(SectionProblem) {
      if ids[number] == nil {
        ids[number] = try source.snapshot.sections[number].ids(source.snapshot.secret.ids)
      }
      guard let id = try ids[number]?.id(ofRow: row, time: time) else { throw .directory("ids") }
      return id
    } catch { throw .section(number, error) }
  }

  /// Hands a person's rows to the sink, from this run of theirs on.
  @inline(__always)
  func walk(
    _ person: Int, from first: Int? = nil, _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    // SAFETY: people and their runs are those of the directory.
    let start = unsafe first ?? Int(firstRuns[person])
    let end = unsafe Int(firstRuns[person &+ 1])
    if unsafe isTangled[person] && end &- start > 1 {
      return try unsafe tangle.walk(self, runs + start, count: end - start, &sink)
    }
    var place = start
    while place < end, !sink.isSatisfied {
      try unsafe walk(runs[place], &sink)
      place &+= 1
    }
  }

  @inline(__always)
  private func walk(
    _ run: PersonDirectory.Run, _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    let (section, number) = (Int(run.section), Int(run.run))
    let lane = unsafe lanes + section
    // SAFETY: the run is one of the section's, and its rows lie in the blocks that are loaded.
    guard unsafe lane.pointee.masks[number] & lane.pointee.wanted != 0 else { return }
    var row = unsafe Int(lane.pointee.firstRows[number])
    let end = unsafe Int(lane.pointee.firstRows[number &+ 1])
    while row < end, !sink.isSatisfied {
      var offset = unsafe row &- lane.pointee.firstRow
      if unsafe offset < 0 || offset >= lane.pointee.count {
        try load(section: section, row: row, holding: sink.heldBytes)
        offset = unsafe row &- lane.pointee.firstRow
      }
      let count = unsafe min(end &- row, lane.pointee.count &- offset)
      guard count > 0 else { throw .section(section, .column("rows of a run")) }
      let stretch = unsafe Stretch(
        times: UnsafePointer(lane.pointee.times + offset),
        marks: UnsafePointer(lane.pointee.marks + offset),
        numbers: UnsafePointer(lane.pointee.numbers + offset), count: count)
      unsafe sink.take(stretch)
      row &+= count
    }
  }

  /// Lends the rows of a section that nobody is known to have made.
  func walkNobody(
    of section: Int, _ body: (borrowing Stretch) -> Void
  ) throws(KernelFailure) {
    let lane = unsafe lanes + section
    guard unsafe lane.pointee.wanted != 0 else { return }
    let directory = source.snapshot.sections[section].directory
    var row = directory.peopleRowCount
    while row < directory.rowCount {
      try load(section: section, row: row)
      // SAFETY: the row is in the block that was just loaded.
      let offset = unsafe row &- lane.pointee.firstRow
      let count = unsafe lane.pointee.count &- offset
      guard count > 0 else { throw .section(section, .column("rows of nobody")) }
      unsafe body(
        Stretch(
          times: UnsafePointer(lane.pointee.times + offset),
          marks: UnsafePointer(lane.pointee.marks + offset),
          numbers: UnsafePointer(lane.pointee.numbers + offset), count: count))
      row += count
    }
  }
}
