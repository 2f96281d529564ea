/// Rows of a batch as a bitmap: which of them do not count.
struct RowSet: Equatable, Sendable {
  private(set) var bytes: [UInt8]
  private(set) var count = 0

  private let rows: Int

  init(rows: Int) {
    self.rows = rows
    bytes = Array(repeating: 0, count: (rows + 7) / 8)
  }

  var isFull: Bool { count == rows }

  /// From its stored form; nil stands for no rows.
  init(stored: [UInt8], rows: Int) {
    self.init(rows: rows)
    for row in 0..<min(rows, stored.count * 8) where stored[row >> 3] & (1 << (row & 7)) != 0 {
      insert(row)
    }
  }

  func contains(_ row: Int) -> Bool { bytes[row >> 3] & (1 << (row & 7)) != 0 }

  mutating func insert(_ row: Int) {
    guard !contains(row) else { return }
    bytes[row >> 3] |= 1 << (row & 7)
    count += 1
  }

  func union(_ other: RowSet) -> RowSet {
    var union = self
    union.count = 0
    for index in bytes.indices {
      union.bytes[index] |= other.bytes[index]
      union.count += union.bytes[index].nonzeroBitCount
    }
    return union
  }

  /// What is stored: nothing where the set is empty.
  var stored: [UInt8]? { count == 0 ? nil : bytes }
}
