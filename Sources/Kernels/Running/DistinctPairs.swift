/// Which pairs of a slot and a person have been met, for the people of one step: bits where there are
/// few slots, else a set of keys.
struct DistinctPairs {
  /// Of bits, for a step: they have to be cleared for each.
  private static let mostBits = 1 << 23

  private var bits: [UInt64] = []
  private var keys: [UInt64] = []
  private var keyCount = 0
  private var people = 0
  private var slots = 0
  private var usesBits = false

  /// Forgets all; `slots`: how many there will be, nil where nobody knows.
  mutating func start(slots: Int?, people: Int) {
    self.people = people
    self.slots = slots ?? 0
    usesBits = slots.map { $0 * people <= Self.mostBits } ?? false
    if usesBits {
      let words = (self.slots * people + 63) / 64
      if bits.count < words { bits = Array(repeating: 0, count: words) }
      for word in 0..<words { bits[word] = 0 }
    } else {
      let size = max(1 << 12, keys.count)
      if keyCount > 0 || keys.isEmpty { keys = Array(repeating: .max, count: size) }
      keyCount = 0
    }
  }

  /// Whether it is the first time. `person` is counted from the step's first.
  @inline(__always)
  mutating func insert(_ slot: Int, _ person: Int) -> Bool {
    if usesBits, slot < slots {
      let bit = slot &* people &+ person
      let mask = 1 &<< UInt64(truncatingIfNeeded: bit & 63)
      let word = bits[bit &>> 6]
      bits[bit &>> 6] = word | mask
      return word & mask == 0
    }
    return insertKey(UInt64(truncatingIfNeeded: slot) &<< 32 | UInt64(truncatingIfNeeded: person))
  }

  /// Counts the pairs that are met for the first time, each in its cell.
  mutating func count(
    _ cells: [UInt32], _ persons: [UInt32], _ count: Int, _ gauge: Int, of gauges: Int,
    into counts: inout [Int]
  ) {
    if usesBits {
      Self.count(
        cells.span, persons.span, count, gauge, gauges, people, bits: &bits, into: &counts)
      return
    }
    for index in 0..<count {
      let slot = Int(cells[index]) &* gauges &+ gauge
      if insert(slot, Int(persons[index])) { counts[Int(cells[index])] &+= 1 }
    }
  }

  private static func count(
    _ cells: Span<UInt32>, _ persons: Span<UInt32>, _ count: Int, _ gauge: Int, _ gauges: Int,
    _ people: Int, bits: inout [UInt64], into counts: inout [Int]
  ) {
    var bits = bits.mutableSpan
    var counts = counts.mutableSpan
    var index = 0
    while index < count {
      let cell = Int(cells[index])
      let bit = (cell &* gauges &+ gauge) &* people &+ Int(persons[index])
      index &+= 1
      let mask = 1 &<< UInt64(truncatingIfNeeded: bit & 63)
      let word = bits[bit &>> 6]
      bits[bit &>> 6] = word | mask
      counts[cell] &+= word & mask == 0 ? 1 : 0
    }
  }

  private mutating func insertKey(_ key: UInt64) -> Bool {
    if keys.isEmpty { keys = Array(repeating: .max, count: 1 << 12) }
    var place = Self.place(key, keys.count)
    while keys[place] != .max {
      if keys[place] == key { return false }
      place = (place &+ 1) & (keys.count &- 1)
    }
    keys[place] = key
    keyCount += 1
    if keyCount * 2 > keys.count { grow() }
    return true
  }

  @inline(__always)
  private static func place(_ key: UInt64, _ size: Int) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & (size &- 1)
  }

  private mutating func grow() {
    let old = keys
    keys = Array(repeating: .max, count: old.count * 2)
    for key in old where key != .max {
      var place = Self.place(key, keys.count)
      while keys[place] != .max { place = (place &+ 1) & (keys.count &- 1) }
      keys[place] = key
    }
  }
}
