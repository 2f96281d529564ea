import Query
import Sections

/// Retention from rows, for everything that visits do not say.
final class RetentionTask: FlowTask {
  private let reader: FlowReader
  private var sink: Sink

  init(
    _ reader: FlowReader, _ question: RetentionQuestion, _ pieces: PieceTable, _ groups: GroupCodes?
  ) {
    self.reader = reader
    sink = Sink(question, pieces, groups)
  }

  private struct Sink: FlowSink, ~Copyable {
    let pieces: PieceTable
    let groups: GroupCodes?
    var matcher: RetentionMatcher
    // Stored, for whoever asks a computed one may copy all of it first.
    let isSatisfied = false
    /// By cohort, the group of the event that made the person a member of it.
    var births: [UInt32]
    var counts: Counts

    init(_ question: RetentionQuestion, _ pieces: PieceTable, _ groups: GroupCodes?) {
      self.pieces = pieces
      self.groups = groups
      matcher = RetentionMatcher(question, intervals: pieces.count)
      births = Array(repeating: 0, count: pieces.count)
      counts = Counts(whole: RetentionTally(intervals: pieces.count, countsLast: false))
    }

    mutating func take(_ stretch: borrowing Stretch) {
      var row = 0
      while row < (unsafe stretch.count) {
        // SAFETY: the stretch has so many rows.
        let (mark, time) = unsafe (stretch.marks[row], stretch.times[row])
        if mark != 0 {
          let interval =
            time < pieces.from ? -1 : time < pieces.to ? pieces.index(of: time) : pieces.count
          let isNew = matcher.add(
            time: time, interval: interval, starts: mark & 1 != 0, returns: mark & 2 != 0)
          if isNew, let groups {
            births[interval] = unsafe groups.code(stretch.numbers + row)
          }
        }
        row &+= 1
      }
    }

    mutating func end() {
      counts.add(matcher, births, isGrouped: groups != nil)
      matcher.begin()
    }
  }

  private struct Counts {
    var whole: RetentionTally
    var tallies: [UInt32: RetentionTally] = [:]

    var byteCount: Int { 4 * whole.cells.count * (1 + tallies.count) }

    mutating func add(_ matcher: borrowing RetentionMatcher, _ births: [UInt32], isGrouped: Bool) {
      let count = whole.count
      matcher.finish { cohort, column in
        whole.cells[cohort * count + column] += 1
        guard isGrouped else { return }
        tallies[births[cohort], default: RetentionTally(intervals: count, countsLast: false)]
          .cells[cohort * count + column] += 1
      }
    }
  }

  var byteCount: Int { sink.counts.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, &sink)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ sink: inout Sink
  ) throws(KernelFailure) {
    for person in people {
      let groups = sink.counts.tallies.count
      try reader.walk(person, &sink)
      sink.end()
      // A group is as large as the whole, and people can have one each.
      if sink.counts.tallies.count > groups { try reader.check(holding: sink.counts.byteCount) }
    }
  }

  func finish() -> (RetentionTally, [UInt32: RetentionTally]) {
    (sink.counts.whole, sink.counts.tallies)
  }
}
