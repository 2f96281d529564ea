/// Who each row is by, as a number: the profile's, else the device's, else the visitor's, else the
/// session's, 0 where there is none of them yet. Columns are told by what a person had last.
struct People: Sendable {
  private(set) var ofRow: [UInt32]
  /// One more than the highest number.
  private(set) var count = 1

  init(rows: Int) { ofRow = [UInt32](repeating: 0, count: rows) }

  /// The person of each of these rows.
  func groups(of rows: [UInt32]) -> [UInt32] { rows.map { ofRow[Int($0)] } }

  /// Takes a column of ids: rows that have nobody yet are by whom it names.
  mutating func add(_ codes: [UInt32], at rows: [UInt32], entries: Int) {
    for (row, code) in zip(rows, codes) where ofRow[Int(row)] == 0 {
      ofRow[Int(row)] = UInt32(count) &+ code
    }
    count += entries
  }
}
