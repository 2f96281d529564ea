import Query
import Sections

/// Retention of whoever did anything by the calendar: from visits alone.
final class PlainRetentionTask: FlowTask {
  private let notes: RunNotes
  private var visits: VisitPieces
  private let cohorts: RetentionQuestion.Cohorts
  private let isOnOrAfter: Bool
  private var tally: RetentionTally

  init(_ reader: FlowReader, _ question: RetentionQuestion, _ pieces: PieceTable) {
    notes = reader.visits
    visits = VisitPieces(reader, pieces)
    cohorts = question.cohorts
    isOnOrAfter = question.returns == .onOrAfter
    tally = RetentionTally(intervals: pieces.count, countsLast: isOnOrAfter)
  }

  var byteCount: Int { 4 * (tally.cells.count + tally.lasts.count) }

  func look(at people: Range<Int>) {
    Self.look(at: people, notes, cohorts, isOnOrAfter, &visits, &tally)
  }

  private static func look(
    at people: Range<Int>, _ notes: RunNotes, _ cohorts: RetentionQuestion.Cohorts,
    _ isOnOrAfter: Bool,
    _ visits: inout VisitPieces, _ tally: inout RetentionTally
  ) {
    let stopsBefore = cohorts == .firstTime
    let isRecurring = cohorts == .recurring
    let count = tally.count
    unsafe tally.cells.withUnsafeMutableBufferPointer { cells in
      unsafe tally.lasts.withUnsafeMutableBufferPointer { lasts in
        guard let cell = cells.baseAddress else { return }
        // Only where they are counted is anything written to the last ones.
        let last = unsafe lasts.baseAddress ?? cell
        var person = people.lowerBound
        while person < people.upperBound {
          visits.look(at: person, notes, stopsBefore: stopsBefore)
          if !(stopsBefore && visits.wasBefore) {
            unsafe Self.count(visits, isRecurring, isOnOrAfter, count, cell, last)
          }
          person &+= 1
        }
      }
    }
  }

  @inline(__always)
  private static func count(
    _ visits: borrowing VisitPieces, _ isRecurring: Bool, _ isOnOrAfter: Bool, _ count: Int,
    _ cells: UnsafeMutablePointer<UInt32>, _ lasts: UnsafeMutablePointer<UInt32>
  ) {
    // SAFETY: bits are of pieces below `count`, and a column is no further from its cohort than the
    // last piece.
    var word = visits.firstWord
    while word < visits.endWord {
      var rest = unsafe visits.bits[word]
      while rest != 0 {
        let cohort = word &<< 6 | rest.trailingZeroBitCount
        rest &= rest &- 1
        let row = unsafe cells + cohort &* count
        unsafe row[0] &+= 1
        var column = 0
        var (laterWord, later) = (word, rest)
        while true {
          while later != 0 {
            column = (laterWord &<< 6 | later.trailingZeroBitCount) &- cohort
            later &= later &- 1
            if !isOnOrAfter { unsafe row[column] &+= 1 }
          }
          laterWord &+= 1
          if laterWord >= visits.endWord { break }
          later = unsafe visits.bits[laterWord]
        }
        if isOnOrAfter && column > 0 { unsafe lasts[cohort &* count &+ column] &+= 1 }
        if !isRecurring { return }
      }
      word &+= 1
    }
  }

  func finish() -> RetentionTally { tally }
}
