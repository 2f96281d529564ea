import Sections

/// Where the rows or visits of some people's runs are, gathered before anybody looks at them. The runs of
/// one person after the other lie in as many places as there are sections: a loop that asks nothing
/// about them waits for many at once, and one that goes from person to person for each.
@safe final class RunNotes {
  @unsafe struct Note {
    /// The run's names that are of interest; of visits nothing.
    let mask: UInt64
    /// The run's rows, or its visits, in its section.
    let first: UInt32
    let end: UInt32
  }

  enum Subject { case rows, visits }

  /// People who are looked ahead at, with no more runs than this.
  private static let mostPeople = 128
  private static let mostRuns = 1_024

  @unsafe private struct Here {
    /// The places of the runs in the directory.
    var first = 0
    var end = 0
    var capacity = RunNotes.mostRuns
    var notes: UnsafeMutablePointer<Note> = .allocate(capacity: RunNotes.mostRuns)
    /// Of what was only touched.
    var rubbish: Int64 = 0
  }

  private let subject: Subject
  private let peopleCount: Int
  // SAFETY: lent as long as the notes live.
  private let firstRuns: UnsafePointer<UInt32>
  private let runs: UnsafePointer<PersonDirectory.Run>
  private let lanes: UnsafeMutablePointer<FlowLane>
  /// By address, so that no look at it is one at the object.
  private let here: UnsafeMutablePointer<Here>

  init(
    of subject: Subject, _ source: FlowSource, _ firstRuns: UnsafePointer<UInt32>,
    _ runs: UnsafePointer<PersonDirectory.Run>, _ lanes: UnsafeMutablePointer<FlowLane>
  ) {
    self.subject = subject
    peopleCount = source.people.count
    unsafe self.firstRuns = firstRuns
    unsafe self.runs = runs
    unsafe self.lanes = lanes
    unsafe here = .allocate(capacity: 1)
    unsafe here.initialize(to: Here())
  }

  deinit {
    unsafe here.pointee.notes.deallocate()
    unsafe here.deallocate()
  }

  /// The notes of a person's runs, in the order of the directory, until another person's are asked for.
  @inline(__always)
  func notes(of person: Int) -> UnsafePointer<Note> {
    // SAFETY: people are those of the directory.
    let (place, end) = unsafe (Int(firstRuns[person]), Int(firstRuns[person &+ 1]))
    if unsafe place < here.pointee.first || end > here.pointee.end { gather(from: person) }
    return unsafe UnsafePointer(here.pointee.notes + (place &- here.pointee.first))
  }

  /// The note of a run, by its place in the directory, of the person whose notes were asked for last.
  @inline(__always)
  subscript(place: Int) -> Note { unsafe here.pointee.notes[place &- here.pointee.first] }

  private func gather(from person: Int) {
    // SAFETY, for all of it: people and their runs are those of the directory.
    let first = unsafe Int(firstRuns[person])
    var last = min(peopleCount, person + Self.mostPeople)
    while last > person + 1, unsafe Int(firstRuns[last]) - first > Self.mostRuns {
      last = person + (last - person) / 2
    }
    let end = unsafe Int(firstRuns[last])
    makeRoom(for: end - first)
    unsafe here.pointee.first = first
    unsafe here.pointee.end = end
    switch subject {
    case .rows: gatherRows(first..<end)
    case .visits: gatherVisits(first..<end)
    }
  }

  /// More than for most people is not kept.
  private func makeRoom(for count: Int) {
    let capacity = max(count, Self.mostRuns)
    if unsafe capacity == here.pointee.capacity { return }
    unsafe here.pointee.notes.deallocate()
    unsafe here.pointee.notes = .allocate(capacity: capacity)
    unsafe here.pointee.capacity = capacity
  }

  private func gatherRows(_ places: Range<Int>) {
    let (runs, lanes, notes) = unsafe (runs, lanes, here.pointee.notes)
    var place = places.lowerBound
    while place < places.upperBound {
      let run = unsafe runs[place]
      let lane = unsafe lanes + Int(run.section)
      unsafe (notes + (place &- places.lowerBound)).initialize(
        to: Note(
          mask: lane.pointee.masks[Int(run.run)] & lane.pointee.wanted,
          first: lane.pointee.firstRows[Int(run.run)],
          end: lane.pointee.firstRows[Int(run.run) &+ 1]))
      place &+= 1
    }
  }

  private func gatherVisits(_ places: Range<Int>) {
    let (runs, lanes, notes) = unsafe (runs, lanes, here.pointee.notes)
    var place = places.lowerBound
    while place < places.upperBound {
      let run = unsafe runs[place]
      let lane = unsafe lanes + Int(run.section)
      unsafe (notes + (place &- places.lowerBound)).initialize(
        to: Note(
          mask: 0, first: lane.pointee.firstVisits[Int(run.run)],
          end: lane.pointee.firstVisits[Int(run.run) &+ 1]))
      place &+= 1
    }
    // What is touched here is near when it is asked for.
    var rubbish: Int64 = 0
    place = places.lowerBound
    while place < places.upperBound {
      let lane = unsafe lanes + Int(runs[place].section)
      let note = unsafe notes[place &- places.lowerBound]
      if unsafe note.first < note.end {
        rubbish &+=
          unsafe lane.pointee.starts[Int(note.first)] &+ lane.pointee.ends[Int(note.first)]
      }
      place &+= 1
    }
    unsafe here.pointee.rubbish = rubbish
  }
}
