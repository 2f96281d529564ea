import Sections

/// The visits of one person after the other, in the order of their starts, however runs overlap. They
/// are taken from where each run has come to: memory is that of a person's runs.
@safe struct PersonVisits: ~Copyable {
  struct Visit {
    let first: Int64
    let last: Int64
    let events: Int
    let views: Int
    let acts: Int
  }

  /// A run of a person whose runs overlap.
  @unsafe private struct Head {
    let lane: UnsafePointer<FlowLane>
    var visit: Int
    let end: Int
  }

  /// Of people with more runs than this each look at all of them would take too long.
  private static let mostRuns = 64

  private let reader: FlowReader
  private let notes: RunNotes
  // The runs that are left, one behind the other.
  private var place = 0
  private var endPlace = 0
  private var visit = 0
  private var endVisit = 0
  private var section = 0
  /// Those that overlap. SAFETY: room for `mostRuns`, of which `headCount` are initialized.
  private let heads: UnsafeMutablePointer<Head>
  private var headCount = 0

  init(_ reader: FlowReader) {
    self.reader = reader
    notes = reader.visits
    unsafe heads = .allocate(capacity: Self.mostRuns)
  }

  deinit { unsafe heads.deallocate() }

  /// Goes to a person; false where there are too many runs.
  @inline(__always)
  mutating func begin(_ person: Int) -> Bool {
    // SAFETY, for all of it: people, runs and visits are those that there are.
    place = unsafe Int(reader.firstRuns[person])
    endPlace = unsafe Int(reader.firstRuns[person &+ 1])
    visit = 0
    endVisit = 0
    headCount = 0
    _ = unsafe notes.notes(of: person)
    return unsafe reader.isTangled[person] ? beginTangled() : true
  }

  private mutating func beginTangled() -> Bool {
    guard endPlace - place <= Self.mostRuns else { return false }
    while place < endPlace {
      let lane = unsafe UnsafePointer(reader.lanes + Int(reader.runs[place].section))
      let note = unsafe notes[place]
      if unsafe note.first < note.end {
        unsafe (heads + headCount).initialize(
          to: Head(lane: lane, visit: Int(note.first), end: Int(note.end)))
        headCount += 1
      }
      place += 1
    }
    return true
  }

  @inline(__always)
  mutating func next() -> Visit? {
    if headCount > 0 { return nextOfAll() }
    while visit == endVisit {
      guard place < endPlace else { return nil }
      section = unsafe Int(reader.runs[place].section)
      visit = unsafe Int(notes[place].first)
      endVisit = unsafe Int(notes[place].end)
      place &+= 1
    }
    defer { visit &+= 1 }
    return unsafe Self.visit(visit, reader.lanes + section)
  }

  private mutating func nextOfAll() -> Visit? {
    var least = 0
    var start = Int64.max
    var head = 0
    while head < headCount {
      let own = unsafe heads[head].lane.pointee.starts[heads[head].visit]
      if own < start { (least, start) = (head, own) }
      head &+= 1
    }
    let visit = unsafe Self.visit(heads[least].visit, heads[least].lane)
    unsafe heads[least].visit &+= 1
    if unsafe heads[least].visit == heads[least].end {
      headCount &-= 1
      unsafe heads[least] = heads[headCount]
    }
    return visit
  }

  @inline(__always)
  private static func visit(_ visit: Int, _ lane: UnsafePointer<FlowLane>) -> Visit {
    unsafe Visit(
      first: lane.pointee.starts[visit], last: lane.pointee.ends[visit],
      events: Int(lane.pointee.eventCounts[visit]), views: Int(lane.pointee.viewCounts[visit]),
      acts: Int(lane.pointee.actCounts[visit]))
  }
}
