import Query
import Sections

/// In which pieces of a question's range a person did something, from visits alone. Between two events
/// of a visit there is no more than the visit gap, so that a piece as long as that which lies within a
/// visit has some of its events.
@safe struct VisitPieces: ~Copyable {
  static let gap = RunFacts.visitGap

  private let reader: FlowReader
  private let pieces: PieceTable
  private let words: Int
  /// One for each piece. SAFETY: for `words` words, as long as this lives.
  let bits: UnsafeMutablePointer<UInt64>
  /// Whether there was something before the range.
  private(set) var wasBefore = false
  /// The words that may have bits.
  private(set) var firstWord = 0
  private(set) var endWord = 0

  init(_ reader: FlowReader, _ pieces: PieceTable) {
    self.reader = reader
    self.pieces = pieces
    words = (pieces.count + 63) / 64
    unsafe bits = .allocate(capacity: max(1, words))
    unsafe bits.initialize(repeating: 0, count: max(1, words))
  }

  deinit { unsafe bits.deallocate() }

  /// Looks at a person, whose visits are where the reader's notes say; `stopsBefore`: not any further
  /// where there was something before the range.
  @inline(__always)
  mutating func look(at person: Int, _ visits: RunNotes, stopsBefore: Bool) {
    // A range without time has no piece that a visit could be in.
    if pieces.count == 0 { return }
    // SAFETY: people, runs, visits and pieces are those that there are.
    var word = firstWord
    while word < endWord {
      unsafe bits[word] = 0
      word &+= 1
    }
    firstWord = words
    endWord = 0
    wasBefore = false
    let start = unsafe Int(reader.firstRuns[person])
    let count = unsafe Int(reader.firstRuns[person &+ 1]) &- start
    let notes = unsafe visits.notes(of: person)
    var place = 0
    while place < count {
      let lane = unsafe reader.lanes + Int(reader.runs[start &+ place].section)
      var visit = unsafe Int(notes[place].first)
      let endVisit = unsafe Int(notes[place].end)
      while visit < endVisit {
        let (first, last) = unsafe (lane.pointee.starts[visit], lane.pointee.ends[visit])
        if first < pieces.from {
          wasBefore = true
          if stopsBefore { return }
        }
        if first >= pieces.to { break }
        if last >= pieces.from { add(first, last) }
        visit &+= 1
      }
      place &+= 1
    }
  }

  @inline(__always)
  private mutating func add(_ first: Int64, _ last: Int64) {
    var piece = pieces.index(of: max(first, pieces.from))
    // Few visits go on into another piece.
    let end =
      pieces.holds(min(last, pieces.to &- 1), in: piece)
      ? piece : pieces.index(of: min(last, pieces.to &- 1))
    firstWord = min(firstWord, piece >> 6)
    endWord = max(endWord, end >> 6 &+ 1)
    while piece <= end {
      unsafe bits[piece >> 6] |= 1 << UInt64(piece & 63)
      piece &+= 1
    }
  }
}
