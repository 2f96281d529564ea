/// A body under construction, in three regions that compress differently:
///
/// - **dense**: bits without a pattern (ids, hashes, low bytes of numbers), where no coder gains;
/// - **codes**: modes, counts, dictionary codes, high bytes of numbers: an order-0 coder gains;
/// - **texts**: what a dictionary could not avoid, where matches gain.
///
/// zstd keeps one set of tables for each of its blocks. Told to start a block at each of the `cuts`,
/// it never has to describe random bytes and text with one table (−8 % on the wire).
package struct ColumnWriter: Sendable {
  package var dense: [UInt8] = []
  package var codes: [UInt8] = []
  package var texts: [UInt8] = []
  /// Where in `texts` a new block of the compressor pays.
  package private(set) var textCuts: [Int] = []

  /// Texts of at least this many bytes are worth a block, and so tables, of their own.
  package static let cutThreshold = 4096

  package init() {}

  package mutating func removeAll() {
    dense.removeAll(keepingCapacity: true)
    codes.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    textCuts.removeAll(keepingCapacity: true)
  }

  /// A count or a length: LEB128 in the codes.
  package mutating func append(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      codes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    codes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func append(count: Int) { append(varint: UInt64(count)) }

  /// Marks the end of a long run of text.
  mutating func cutTexts(since start: Int) {
    guard texts.count - start >= Self.cutThreshold else { return }
    if let last = textCuts.last ?? 0 as Int?, start > last { textCuts.append(start) }
    textCuts.append(texts.count)
  }
}

extension Array where Element == UInt8 {
  /// Appends these bytes of a span; the loop that the standard library does not have yet.
  @inline(__always)
  mutating func append(_ range: Range<Int>, of bytes: Span<UInt8>) {
    let part = bytes.extracting(range)
    append(addingCapacity: part.count) { output in
      for index in part.indices { output.append(part[index]) }
    }
  }
}
