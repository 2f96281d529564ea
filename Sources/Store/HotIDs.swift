import Events

/// The ids of a project's hot events and where each event is: the exact answer to "do we have it?".
///
/// Open addressing with linear probing over 16-byte slots. A slot keeps the lower half of the id, 62
/// random bits; the upper half, with the time, is compared by the caller through the place that is
/// returned, so a look-up may give several candidates and never a wrong verdict.
struct HotIDs {
  private struct Slot {
    var low: UInt64
    var place: UInt64

    /// No UUID's lower half is zero: its top two bits say which variant it is.
    static let empty = Slot(low: 0, place: 0)
  }

  private var slots: [Slot]
  private(set) var count = 0
  private let key: UInt64

  /// `key` keeps a stranger who chooses ids from choosing their slots too.
  init(key: UInt64) {
    self.key = key | 1
    slots = Array(repeating: .empty, count: 64)
  }

  /// The places of all events whose id has this lower half; nearly always none or one.
  func candidates(for id: EventID, _ body: (HotPlace) -> Bool) -> Bool {
    var index = home(of: id.low)
    while slots[index].low != 0 {
      if slots[index].low == id.low, body(HotPlace(packed: slots[index].place)) { return true }
      index = (index &+ 1) & (slots.count &- 1)
    }
    return false
  }

  mutating func insert(_ id: EventID, at place: HotPlace) {
    if (count + 1) * 4 > slots.count * 3 { grow() }
    put(Slot(low: id.low, place: place.packed))
    count += 1
  }

  /// Takes back an insertion whose transaction failed.
  mutating func remove(_ id: EventID, at place: HotPlace) {
    var index = home(of: id.low)
    while slots[index].low != id.low || slots[index].place != place.packed {
      guard slots[index].low != 0 else { return }
      index = (index &+ 1) & (slots.count &- 1)
    }
    count -= 1
    // Close the gap: whatever follows moves up as long as that brings it nearer to its home.
    var gap = index
    while true {
      index = (index &+ 1) & (slots.count &- 1)
      guard slots[index].low != 0 else { break }
      let distance = (index &- home(of: slots[index].low)) & (slots.count &- 1)
      let toGap = (index &- gap) & (slots.count &- 1)
      if distance >= toGap {
        slots[gap] = slots[index]
        gap = index
      }
    }
    slots[gap] = .empty
  }

  private mutating func put(_ slot: Slot) {
    var index = home(of: slot.low)
    while slots[index].low != 0 { index = (index &+ 1) & (slots.count &- 1) }
    slots[index] = slot
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: .empty, count: old.count * 2)
    for slot in old where slot.low != 0 { put(slot) }
  }

  private func home(of low: UInt64) -> Int {
    let mixed = (low ^ (low >> 29)) &* key
    return Int(truncatingIfNeeded: (mixed ^ (mixed >> 32)) & UInt64(slots.count &- 1))
  }
}

/// Where a hot event is: the number of its batch in the hot tier, and its row there.
package struct HotPlace: Hashable, Sendable {
  package let batch: Int64
  package let row: Int

  package init(batch: Int64, row: Int) {
    self.batch = batch
    self.row = row
  }

  /// Batches have at most 10,000 rows, which fit 16 bits.
  package init(packed: UInt64) {
    batch = Int64(packed >> 16)
    row = Int(packed & 0xFFFF)
  }

  package var packed: UInt64 { UInt64(batch) << 16 | UInt64(row) }
}
