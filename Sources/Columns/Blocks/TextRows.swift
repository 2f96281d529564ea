/// Texts back to back, and where each one ends: what a block of texts decodes into, again and again.
package struct TextRows: Equatable, Sendable {
  package private(set) var bytes: [UInt8] = []
  package private(set) var ends: [UInt32] = []

  package init() {}

  package var count: Int { ends.count }
  package var isEmpty: Bool { ends.isEmpty }

  @inline(__always)
  package func range(of row: Int) -> Range<Int> {
    (row == 0 ? 0 : Int(ends[row &- 1]))..<Int(ends[row])
  }

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// All texts together have less than 4 GiB.
  package mutating func append(_ text: Span<UInt8>) {
    // SAFETY: what is appended is copied.
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    ends.append(UInt32(bytes.count))
  }

  package func string(at row: Int) -> String {
    String(decoding: bytes[range(of: row)], as: UTF8.self)
  }

  /// Makes room for so many bytes, in which `spell` writes texts from the start on; it says where
  /// each one ends, counted from there.
  @inline(__always)
  mutating func append(
    atMost room: Int, texts: Int,
    _ spell: (UnsafeMutablePointer<UInt8>, inout OutputSpan<Int>) -> Void
  ) {
    let start = bytes.count
    var newEnds: [Int] = []
    bytes.append(addingCapacity: room) { output in
      // SAFETY: `spell` fills its bytes front to back, up to its last end, within the room.
      unsafe output.withUnsafeMutableBufferPointer { buffer, count in
        guard let target = buffer.baseAddress else { return }
        newEnds = [Int](capacity: texts) { ends in unsafe spell(target, &ends) }
        count = newEnds.last ?? 0
      }
    }
    ends.reserveCapacity(ends.count + texts)
    for end in newEnds { ends.append(UInt32(truncatingIfNeeded: start &+ end)) }
  }

  /// Texts that are spelled out already.
  mutating func append(contentsOf texts: [UInt8], lengths: Span<Int64>) {
    var end = bytes.count
    bytes.append(contentsOf: texts)
    for index in lengths.indices {
      end &+= Int(lengths[index])
      ends.append(UInt32(truncatingIfNeeded: end))
    }
  }
}
