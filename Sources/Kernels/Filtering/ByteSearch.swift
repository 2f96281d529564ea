/// Finds a text in many bytes: by its first byte and its last, eight places at a time, since few places
/// have both.
struct ByteSearch {
  private let part: [UInt8]
  private let firstByte: UInt64
  private let lastByte: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// `part` is not empty.
  init(for part: [UInt8]) {
    precondition(!part.isEmpty, "nothing to look for")
    self.part = part
    firstByte = Self.ones &* UInt64(part[0])
    lastByte = Self.ones &* UInt64(part[part.count - 1])
  }

  /// Where the text occurs first that begins at `start` or behind it.
  func first(in bytes: Span<UInt8>, from start: Int) -> Int? {
    let part = part.span
    let ahead = part.count - 1
    guard start >= 0, bytes.count >= part.count else { return nil }
    var index = start + ahead
    return unsafe bytes.withUnsafeBytes { all in
      while index < all.count {
        if index &+ 8 <= all.count {
          // SAFETY: the eight bytes are inside, as was just checked, and those so far before them.
          let ends = UInt64(
            littleEndian: unsafe all.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          let starts = UInt64(
            littleEndian: unsafe all.loadUnaligned(fromByteOffset: index &- ahead, as: UInt64.self))
          let other = (ends ^ lastByte) | (starts ^ firstByte)
          // The lowest high bit is that of the first byte that is zero.
          let hits = (other &- Self.ones) & ~other & Self.highs
          if hits == 0 {
            index &+= 8
            continue
          }
          index &+= hits.trailingZeroBitCount &>> 3
        } else if unsafe all[index] != part[ahead] {
          index &+= 1
          continue
        }
        let start = index &- ahead
        var place = 0
        while place < ahead, unsafe all[start &+ place] == part[place] { place &+= 1 }
        if place == ahead { return start }
        index &+= 1
      }
      return nil
    }
  }
}
