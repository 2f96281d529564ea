import Events
import Query
import Sections

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
  private var tangle: TangledRuns
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
    tangle = TangledRuns(source)
    let rows = Section.blockRows
    let bytes = rows * source.rowBytes
    unsafe memory = .allocate(byteCount: max(1, bytes * count), alignment: 64)
    unsafe lanes = .allocate(capacity: max(1, count))
    for number in 0..<count {
      let (facts, runs) = (source.facts[number], source.runs[number])
      // SAFETY: each lane has its own part of the memory, aligned for its widest values.
      let own = unsafe memory + number * bytes
      let marks = unsafe (own + 8 * rows).bindMemory(to: UInt64.self, capacity: rows)
      let rest = unsafe own + 16 * rows
      let keyed = source.sessions == nil ? 0 : rows
      var lane = unsafe FlowLane(
        times: own.bindMemory(to: Int64.self, capacity: rows), marks: marks,
        // Nobody looks at keys that were not asked for: any address will do.
        sessions: keyed == 0 ? marks : rest.bindMemory(to: UInt64.self, capacity: keyed),
        numbers: (rest + 8 * keyed).bindMemory(
          to: UInt32.self, capacity: rows * source.paths.count),
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

  /// No later than a run's first event.
  @inline(__always)
  func start(of run: PersonDirectory.Run) -> Int64 {
    // Operations are no part of what is known of runs.
    if source.countsOperations { return .min }
    // SAFETY: the run is one of its section's, and who is in the directory has a visit there.
    let lane = unsafe lanes + Int(run.section)
    return unsafe lane.pointee.starts[Int(lane.pointee.firstVisits[Int(run.run)])]
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
      unsafe sink.take(lane.pointee.stretch(from: offset, count))
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
      unsafe body(lane.pointee.stretch(from: offset, count))
      row += count
    }
  }
}
