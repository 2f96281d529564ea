import Columns

/// Which texts of a column were seen before: one table for all columns of a batch.
///
/// The hash is seeded for each process, so that nobody outside can choose texts that collide.
struct Interner {
  private struct Entry {
    var hash: UInt64
    var column: UInt64
    var place: TextPlace
    var code: UInt32
  }

  /// Entry numbers from 1; 0 is free. A power of two, at most half full.
  private var slots: [UInt32] = []
  private var entries: [Entry] = []
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// Forgets everything and makes room for a batch of this many rows.
  mutating func start(rows: Int) {
    entries.removeAll(keepingCapacity: true)
    var wanted = 1024
    while wanted < rows * 4 { wanted *= 2 }
    if slots.count == wanted {
      for index in slots.indices { slots[index] = 0 }
    } else {
      slots = [UInt32](repeating: 0, count: wanted)
    }
  }

  /// The code of this text in its column; `next`, and it is entered, where the column has not met it.
  @inline(__always)
  mutating func code(
    of place: TextPlace, column: UInt64, next: UInt32, in source: Span<UInt8>
  ) -> UInt32 {
    let offset = Int(place.offset)
    let count = Int(place.count)
    let hash = Self.hash(source, offset, count, seed ^ column &* 0x9E37_79B9_7F4A_7C15)
    var slot = Int(truncatingIfNeeded: hash) & (slots.count &- 1)
    while true {
      let number = slots[slot]
      if number == 0 { break }
      let entry = entries[Int(number &- 1)]
      if entry.hash == hash, entry.column == column, entry.place.count == place.count,
        isSame(source, offset, Int(entry.place.offset), count: count)
      {
        return entry.code
      }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
    entries.append(Entry(hash: hash, column: column, place: place, code: next))
    slots[slot] = UInt32(truncatingIfNeeded: entries.count)
    if entries.count &* 2 > slots.count { grow() }
    return next
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (index, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.hash) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(index + 1)
    }
  }

  /// Multiply and fold, eight bytes at a time, as wyhash does.
  @inline(__always)
  private static func hash(
    _ bytes: Span<UInt8>, _ start: Int, _ count: Int, _ seed: UInt64
  ) -> UInt64 {
    var state = seed ^ UInt64(truncatingIfNeeded: count) &* 0xA076_1D64_78BD_642F
    var offset = start
    let end = start &+ count
    if count >= 8 {
      while offset &+ 8 < end {
        state = fold(state ^ word(bytes, at: offset), 0xE703_7ED1_A0B4_28DB)
        offset &+= 8
      }
      return fold(state ^ word(bytes, at: end &- 8), 0x8EBC_6AF0_9C88_C6E3)
    }
    var tail: UInt64 = 0
    if count >= 4 {
      tail = UInt64(halfWord(bytes, at: start)) &<< 32 | UInt64(halfWord(bytes, at: end &- 4))
    } else {
      while offset < end {
        tail = tail &<< 8 | UInt64(bytes[offset])
        offset &+= 1
      }
    }
    return fold(state ^ tail, 0x8EBC_6AF0_9C88_C6E3)
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0x5895_60A5_2C5F_A1D3).multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
