private import Platform

/// Where a text lies in bytes that somebody else owns.
package struct TextPlace: Equatable, Sendable {
  package let offset: UInt32
  package let count: UInt32

  @inline(__always)
  package init(offset: Int, count: Int) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.count = UInt32(truncatingIfNeeded: count)
  }

  @inline(__always)
  package var range: Range<Int> { Int(offset)..<(Int(offset) &+ Int(count)) }
}

/// The texts that decoding has spelled out, back to back, never more than the batch says that its
/// events weigh: each entry is used by at least one of them.
package struct TextArena: Sendable {
  package private(set) var bytes: [UInt8] = []
  package private(set) var places: [TextPlace] = []
  private let limit: Int

  package init(limit: Int) { self.limit = min(limit, Int(UInt32.max)) }

  @inline(__always)
  mutating func reserve(_ count: Int) throws(ColumnProblem) {
    guard count <= limit &- bytes.count else { throw .tooLarge }
  }

  /// What was appended since `start` becomes the next entry.
  @inline(__always)
  mutating func finishEntry(since start: Int) {
    places.append(TextPlace(offset: start, count: bytes.count &- start))
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) { bytes.append(byte) }

  @inline(__always)
  mutating func append(_ range: Range<Int>, of source: Span<UInt8>) {
    bytes.append(range, of: source)
  }

  package func string(_ entry: Int) -> String {
    // Entries were checked to be UTF-8 when they were decoded.
    String(validating: bytes.span.extracting(places[entry].range)) ?? ""
  }
}
