import Columns

/// A cursor over blocks of 1,024 values.
protocol BlockCursor {
  associatedtype Value
  var count: Int { get }
  /// Those of the block that was loaded last.
  var values: [Value] { get }
  mutating func load(_ block: Int) throws(SectionProblem) -> Int
}

extension IntegerCursor: BlockCursor {}
extension DoubleCursor: BlockCursor {}
extension BoolCursor: BlockCursor {}
extension CodeCursor: BlockCursor {}

/// A column of an input, read front to back in stretches.
final class ColumnFeed<Cursor: BlockCursor> {
  private(set) var cursor: Cursor
  private(set) var index = 0

  init(_ cursor: Cursor) { self.cursor = cursor }

  var isAtEnd: Bool { index == cursor.count }

  func skip(_ count: Int) { index &+= count }

  func move(to index: Int) { self.index = index }

  /// The value that comes next.
  func peek() throws(SectionProblem) -> Cursor.Value {
    guard index < cursor.count else { throw .column("it ends too early") }
    _ = try cursor.load(index / Lanes.blockCount)
    return cursor.values[index % Lanes.blockCount]
  }

  func next() throws(SectionProblem) -> Cursor.Value {
    let value = try peek()
    index &+= 1
    return value
  }

  /// Appends the values that come next.
  func take(_ count: Int, into target: inout [Cursor.Value]) throws(SectionProblem) {
    guard index >= 0, count <= cursor.count - index else { throw .column("it ends too early") }
    var left = count
    while left > 0 {
      let place = index % Lanes.blockCount
      _ = try cursor.load(index / Lanes.blockCount)
      let some = min(left, Lanes.blockCount - place)
      target.append(contentsOf: cursor.values[place..<(place + some)])
      index &+= some
      left &-= some
    }
  }
}
