import Calendar
import Query
import Sections

/// The pieces of a question's range, for loops: which one a time is in.
struct PieceTable: Sendable {
  /// The first instants of the pieces.
  let starts: [Instant]
  let from: Int64
  let to: Int64
  /// Where each piece begins and, last, where the range ends; the first begins with the range.
  private let borders: Cells<Int64>
  /// The piece that each cell of so many milliseconds (a power of two) begins in.
  private let cells: Cells<UInt32>
  private let shift: UInt64

  /// So many cells take no time to make, and few of them have a border in them.
  private static var fewCells: Int64 { 1_024 }

  init(_ scope: Scope, by interval: Interval) throws(QueryError) {
    starts = try scope.starts(by: interval)
    from = scope.range.lowerBound.milliseconds
    to = scope.range.upperBound.milliseconds
    var borders = starts.map(\.milliseconds)
    if !borders.isEmpty { borders[0] = from }
    borders.append(to)
    self.borders = Cells(borders)
    let width = to.subtractingReportingOverflow(from)
    var shift: UInt64 = 20
    if width.overflow {
      shift = 56
    } else {
      let most = max(Self.fewCells, 4 * Int64(starts.count))
      while width.partialValue >> Int64(shift) > most { shift += 1 }
    }
    self.shift = shift
    var cells: [UInt32] = []
    var piece = 0
    if !starts.isEmpty {
      for cell in 0...UInt64(bitPattern: to &- 1 &- from) >> shift {
        let first = from &+ Int64(bitPattern: cell << shift)
        while piece + 1 < starts.count, borders[piece + 1] <= first { piece += 1 }
        cells.append(UInt32(piece))
      }
    }
    self.cells = Cells(cells)
  }

  var count: Int { starts.count }

  /// The piece of a time that is in the range. What lies outside, which only rows have that are not
  /// as their section says, is in the first piece or the last, so that damage costs no safety.
  @inline(__always)
  func index(of outer: Int64) -> Int {
    let time = min(max(outer, from), to &- 1)
    // SAFETY: the time's cell is one of the table's, and behind the last piece the range ends.
    var piece = unsafe Int(cells.start[Int(UInt64(bitPattern: time &- from) >> shift)])
    while unsafe time >= borders.start[piece &+ 1] { piece &+= 1 }
    return piece
  }

  /// Whether a time that is not before a piece is in it.
  @inline(__always)
  func holds(_ time: Int64, in piece: Int) -> Bool {
    unsafe time < borders.start[piece &+ 1]  // SAFETY: behind the last piece the range ends.
  }

  /// The shortest piece; the largest number where there is none.
  var shortest: Int64 {
    starts.indices.map { borders[$0 + 1] &- borders[$0] }.min() ?? .max
  }
}
