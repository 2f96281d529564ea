import Events

/// The ids of a project's hot events and where each event is: the exact answer to "do we have it?".
///
/// Open addressing with linear probing over 16-byte slots. A slot keeps a print of the whole id, 64
/// bits under a secret key, and the event's place; the caller compares the id at that place. So a
/// look-up may give a candidate too many, hardly ever, and never a wrong verdict.
struct HotIDs {
  /// What the prints depend on. Who does not know it can choose ids, and not their slots; and ids
  /// whose chance part is always the same, as weak generators make them, spread like all others.
  struct Key: Sendable {
    let high: UInt64
    let low: UInt64
  }

  private struct Slot {
    var print: UInt64
    var place: UInt64

    static let empty = Slot(print: 0, place: 0)
  }

  private var slots: [Slot]
  private(set) var count = 0
  private let key: Key

  init(key: Key) {
    self.key = key
    slots = Array(repeating: .empty, count: 64)
  }

  /// Calls `body` with the places of all events with this print; nearly always none or one.
  func forEachCandidate(for id: EventID, _ body: (HotPlace) -> Void) {
    let print = print(of: id)
    var index = home(of: print)
    while slots[index].print != 0 {
      if slots[index].print == print { body(HotPlace(packed: slots[index].place)) }
      index = (index &+ 1) & (slots.count &- 1)
    }
  }

  /// Inserts an id unless there is a candidate for it, which has to be looked at first.
  mutating func insertUnlessMet(_ id: EventID, at place: HotPlace) -> Bool {
    makeRoom()
    let print = print(of: id)
    var index = home(of: print)
    while slots[index].print != 0 {
      if slots[index].print == print { return false }
      index = (index &+ 1) & (slots.count &- 1)
    }
    slots[index] = Slot(print: print, place: place.packed)
    count += 1
    return true
  }

  /// Inserts an id that is known to be new.
  mutating func insert(_ id: EventID, at place: HotPlace) {
    makeRoom()
    put(Slot(print: print(of: id), place: place.packed))
    count += 1
  }

  /// Takes back an insertion whose transaction failed; nothing happens if there was none.
  mutating func remove(_ id: EventID, at place: HotPlace) {
    let print = print(of: id)
    var index = home(of: print)
    while slots[index].print != print || slots[index].place != place.packed {
      guard slots[index].print != 0 else { return }
      index = (index &+ 1) & (slots.count &- 1)
    }
    count -= 1
    // Close the gap: whatever follows moves up as long as that brings it nearer to its home.
    var gap = index
    while true {
      index = (index &+ 1) & (slots.count &- 1)
      guard slots[index].print != 0 else { break }
      let distance = (index &- home(of: slots[index].print)) & (slots.count &- 1)
      let toGap = (index &- gap) & (slots.count &- 1)
      if distance >= toGap {
        slots[gap] = slots[index]
        gap = index
      }
    }
    slots[gap] = .empty
  }

  /// Forgets the ids of all batches up to this one.
  mutating func removeAll(through batch: Int64) {
    let kept = slots.filter { $0.print != 0 && HotPlace(packed: $0.place).batch > batch }
    var size = 64
    while size * 3 < (kept.count + 1) * 4 { size *= 2 }
    slots = Array(repeating: .empty, count: size)
    count = kept.count
    for slot in kept { put(slot) }
  }

  private mutating func put(_ slot: Slot) {
    var index = home(of: slot.print)
    while slots[index].print != 0 { index = (index &+ 1) & (slots.count &- 1) }
    slots[index] = slot
  }

  private mutating func makeRoom() {
    guard (count + 1) * 4 > slots.count * 3 else { return }
    let old = slots
    slots = Array(repeating: .empty, count: old.count * 2)
    for slot in old where slot.print != 0 { put(slot) }
  }

  /// Never 0, which is an empty slot.
  @inline(__always)
  private func print(of id: EventID) -> UInt64 {
    let product = (id.low ^ key.low).multipliedFullWidth(by: id.high ^ key.high)
    return max(product.high ^ product.low, 1)
  }

  @inline(__always)
  private func home(of print: UInt64) -> Int {
    Int(truncatingIfNeeded: print & UInt64(slots.count &- 1))
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

  /// The numbers that batches may have: what is left beside the row.
  static let batches: Range<Int64> = 1..<(1 << 47)

  /// Batches have at most 65,535 rows, which fit 16 bits.
  package init(packed: UInt64) {
    batch = Int64(packed >> 16)
    row = Int(packed & 0xFFFF)
  }

  package var packed: UInt64 { UInt64(batch) << 16 | UInt64(row) }
}
