// Numbers that never fall, each with some bits of company: at most 4,096 bytes that are read without
// any other (Elias and Fano's code, whose cost is within half a bit of the least possible).
// Integers are little-endian, bit fields start at the lowest bit of their first byte.
//
//   0   u64   first: the smallest number
//   8   u32   position: how many numbers the pages before this one hold
//  12   u16   count, 1 or more
//  14   u8    low width L, 0 to 56
//  15   u8    tail width T
//  16   u16   buckets: (last − first) >> L, plus 1
//  18   u16   0
//  20   u16 × ((buckets − 1) / 64): how many numbers there are before bucket 64, 128, …
//       bits  for each bucket in turn a 1 for each of its numbers, then a 0: count + buckets bits
//       bits  for each number the L low bits of (number − first); what is above them is its bucket
//       bits  for each number its tail
//             each of the three padded with zeros to whole bytes
//       u64   0, so that any field can be loaded as a word

/// A page as it lies in an extent, checked so far that no read through it leaves its bytes.
@safe struct SortedPage {
  static let byteCount = 4096
  static let headerByteCount = 20
  static let slack = 8
  static let widestLow = 56
  static let bucketsPerHint = 64

  let start: UnsafeRawPointer
  let first: UInt64
  let position: Int
  let count: Int
  let lowWidth: Int
  let tailWidth: Int
  let buckets: Int
  /// Byte offsets of the three bit fields.
  let marks: Int
  let lows: Int
  let tails: Int

  /// Nil unless `byteCount` bytes at `start` are a page with tails of this width.
  @inline(__always)
  init?(at start: UnsafeRawPointer, byteCount: Int, tailWidth: Int) {
    guard byteCount >= Self.headerByteCount &+ Self.slack else { return nil }
    unsafe self.start = start
    first = unsafe Self.load(start, 0)
    let second = unsafe Self.load(start, 8)
    position = Int(second & 0xFFFF_FFFF)
    count = Int(second &>> 32 & 0xFFFF)
    lowWidth = Int(second &>> 48 & 0xFF)
    self.tailWidth = Int(second &>> 56)
    buckets = Int(unsafe Self.load(start, 16) & 0xFFFF)
    guard count > 0, buckets > 0, lowWidth <= Self.widestLow, self.tailWidth == tailWidth else {
      return nil
    }
    marks = Self.headerByteCount &+ Self.hintBytes(buckets)
    lows = marks &+ (count &+ buckets &+ 7) &>> 3
    tails = lows &+ (count &* lowWidth &+ 7) &>> 3
    guard tails &+ (count &* tailWidth &+ 7) &>> 3 &+ Self.slack <= byteCount else { return nil }
  }

  @inline(__always)
  static func hintBytes(_ buckets: Int) -> Int { (buckets &- 1) / bucketsPerHint &* 2 }

  @inline(__always)
  static func load(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: unsafe start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// Up to 56 bits from `bit` of the field at byte `offset`.
  @inline(__always)
  func field(_ offset: Int, bit: Int, width: Int) -> UInt64 {
    // SAFETY: `init` has checked that the field's end and 8 bytes more lie in the page.
    let word = unsafe Self.load(start, offset &+ bit &>> 3)
    return word &>> UInt64(bit & 7) & (1 &<< UInt64(width) &- 1)
  }

  /// Some of a number's tail; `index` is below `count`, `from + width` at most the tail's width.
  @inline(__always)
  func tail(_ index: Int, from: Int = 0, width: Int) -> UInt64 {
    field(tails, bit: index &* tailWidth &+ from, width: width)
  }

  @inline(__always)
  func low(_ index: Int) -> UInt64 { field(lows, bit: index &* lowWidth, width: lowWidth) }

  @inline(__always)
  func isMarked(_ bit: Int) -> Bool {
    unsafe start.load(fromByteOffset: marks &+ bit &>> 3, as: UInt8.self) &>> (bit & 7) & 1 == 1
  }

  @inline(__always)
  func hint(_ number: Int) -> Int {
    Int(
      UInt16(
        littleEndian: unsafe start.loadUnaligned(
          fromByteOffset: Self.headerByteCount &+ 2 &* number, as: UInt16.self)))
  }

  /// The bit behind the `skipped`-th mark of this kind from `bit` on, or nil beyond the last bit.
  @inline(__always)
  func bit(after skipped: Int, marks ones: Bool, from bit: Int) -> Int? {
    let end = count &+ buckets
    var (bit, rest) = (bit, skipped)
    while rest > 0 {
      guard bit < end else { return nil }
      var word = field(marks, bit: bit, width: 56)
      if !ones { word = ~word & (1 &<< 56 &- 1) }
      let found = word.nonzeroBitCount
      if found < rest {
        rest &-= found
        bit &+= 56
        continue
      }
      // The bit is in this word: halve it until few are left to go through one by one.
      let half = (word & 0xFFF_FFFF).nonzeroBitCount
      if half < rest {
        rest &-= half
        word &>>= 28
        bit &+= 28
      }
      let quarter = (word & 0x3FFF).nonzeroBitCount
      if quarter < rest {
        rest &-= quarter
        word &>>= 14
        bit &+= 14
      }
      while rest > 1 {
        word &= word &- 1
        rest &-= 1
      }
      bit &+= word.trailingZeroBitCount &+ 1
      break
    }
    return bit <= end ? bit : nil
  }
}
