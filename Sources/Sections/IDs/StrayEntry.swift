package import Events

// A stray in sorted pages (SortedPage.swift):
//
//   number  the UTC day of the id, 22 bits; the leading 42 bits of the key's value
//   tail    the value's other 22 bits; the key's tail, 10 bits; milliseconds of the day, 27 bits;
//           the lower, then the upper 32 bits of the payload's hash

/// An id whose row does not lie near its time, and enough of its payload to tell a conflict from a
/// repeat: also when the row itself has long been dropped.
package struct StrayEntry: Hashable, Sendable {
  package let id: EventID
  /// The first word of the payload's hash.
  package let payload: UInt64

  package init(id: EventID, payload: UInt64) {
    self.id = id
    self.payload = payload
  }
}

/// A stray as it is sorted and packed.
struct PackedStray {
  static let tailWidths = [32, 27, 32, 32]
  static let keyTailWidth = 32
  private static let dayBits: UInt64 = 42
  private static let millisecondsPerDay: UInt64 = 86_400_000

  let number: UInt64
  /// The words of the tail, as wide as `tailWidths` says.
  let keyTail: UInt32
  let millisecondOfDay: UInt32
  let payload: UInt64

  @inline(__always)
  init(_ id: EventID, payload: UInt64, mix: IDMix) {
    let key = mix.key(of: id)
    let (day, rest) = (id.high >> 16).quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
    number = day << Self.dayBits | key.value >> (64 - Self.dayBits)
    keyTail = UInt32(truncatingIfNeeded: key.value << 10 | UInt64(key.tail))
    millisecondOfDay = UInt32(truncatingIfNeeded: rest)
    self.payload = payload
  }

  /// What a page says, from its number and the tail at `index`.
  @inline(__always)
  init(number: UInt64, page: SortedPage, index: Int) {
    self.number = number
    keyTail = UInt32(truncatingIfNeeded: page.tail(index, width: 32))
    millisecondOfDay = UInt32(truncatingIfNeeded: page.tail(index, from: 32, width: 27))
    payload =
      page.tail(index, from: 59, width: 32) | page.tail(index, from: 91, width: 32) << 32
  }

  /// A word of the tail.
  @inline(__always)
  func tail(_ word: Int) -> UInt64 {
    switch word {
    case 0: UInt64(keyTail)
    case 1: UInt64(millisecondOfDay)
    case 2: payload & 0xFFFF_FFFF
    default: payload >> 32
    }
  }

  /// Nil where the day or the millisecond is none, which only damage makes.
  func entry(mix: IDMix) -> StrayEntry? {
    let milliseconds = number >> Self.dayBits * Self.millisecondsPerDay + UInt64(millisecondOfDay)
    guard millisecondOfDay < Self.millisecondsPerDay, milliseconds >> 48 == 0 else { return nil }
    let key = IDKey(
      value: number << (64 - Self.dayBits) | UInt64(keyTail >> 10),
      tail: UInt16(truncatingIfNeeded: keyTail & 0x3FF))
    return StrayEntry(id: mix.id(key, milliseconds: Int64(milliseconds)), payload: payload)
  }

  /// The order of runs: by day, key and time.
  @inline(__always)
  static func precedes(_ left: PackedStray, _ right: PackedStray) -> Bool {
    if left.number != right.number { return left.number < right.number }
    if left.keyTail != right.keyTail { return left.keyTail < right.keyTail }
    return left.millisecondOfDay < right.millisecondOfDay
  }

  /// Whether both are the same id; then the older run's payload counts.
  @inline(__always)
  func isSameID(as other: PackedStray) -> Bool {
    number == other.number && keyTail == other.keyTail
      && millisecondOfDay == other.millisecondOfDay
  }
}
