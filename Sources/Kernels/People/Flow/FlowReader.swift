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

  let rows: RunNotes
  let visits: RunNotes

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
    self.rows = unsafe RunNotes(of: .rows, source, firstRuns, runs, lanes)
    visits = unsafe RunNotes(of: .visits, source, firstRuns, runs, lanes)
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

  /// Hands a person's rows to the sink.
  @inline(__always)
  func walk(
    _ person: Int, _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    // SAFETY: people and their runs are those of the directory.
    let start = unsafe Int(firstRuns[person])
    let count = unsafe Int(firstRuns[person &+ 1]) &- start
    let notes = unsafe rows.notes(of: person)
    if unsafe isTangled[person] && count > 1 {
      return try unsafe tangle.walk(self, runs + start, notes, count: count, &sink)
    }
    var place = 0
    while place < count, !sink.isSatisfied {
      if unsafe notes[place].mask != 0 {
        try unsafe walk(notes[place], of: Int(runs[start &+ place].section), &sink)
      }
      place &+= 1
    }
  }

  @inline(__always)
  private func walk(
    _ run: RunNotes.Note, of section: Int, _ sink: inout some FlowSink & ~Copyable
  ) throws(KernelFailure) {
    // SAFETY: the run is one of the section's, and its rows lie in the blocks that are loaded.
    let lane = unsafe lanes + section
    var row = unsafe Int(run.first)
    let end = unsafe Int(run.end)
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
