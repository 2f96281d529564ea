/// Rows of a batch as a bitmap: which of them do not count.
struct RowSet: Equatable, Sendable {
  private(set) var bytes: [UInt8]
  private(set) var count = 0

  init(rows: Int) { bytes = Array(repeating: 0, count: (rows + 7) / 8) }

  /// From its stored form; nil stands for no rows.
  init(stored: [UInt8], rows: Int) {
    self.init(rows: rows)
    for (index, byte) in stored.prefix(bytes.count).enumerated() {
      bytes[index] = byte
      count += byte.nonzeroBitCount
    }
  }

  func contains(_ row: Int) -> Bool { bytes[row >> 3] & (1 << (row & 7)) != 0 }

  mutating func insert(_ row: Int) {
    guard !contains(row) else { return }
    bytes[row >> 3] |= 1 << (row & 7)
    count += 1
  }

  /// What is stored: nothing where the set is empty.
  var stored: [UInt8]? { count == 0 ? nil : bytes }
}
