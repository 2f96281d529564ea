/// What a batch may be at most. The header says what the batch is, so all but the last look is taken
/// before anything is allocated.
package struct BatchLimits: Equatable, Sendable {
  package var rows: Int
  /// The compressed body.
  package var compressedBytes: Int
  /// The body after decompression, and the records that it stands for.
  package var plainBytes: Int

  /// Twice what a sender that is catching up may send: 10,000 events or 4 MiB.
  package static let standard = BatchLimits(
    rows: 10_000, compressedBytes: 8 << 20, plainBytes: 8 << 20)

  /// Rows that the format itself can hold: dictionary codes have two bytes.
  package static let mostRows = 65_535

  package init(rows: Int, compressedBytes: Int, plainBytes: Int) {
    self.rows = min(rows, Self.mostRows)
    self.compressedBytes = compressedBytes
    self.plainBytes = plainBytes
  }
}
