/// Which pairs of a slot and a person have been met, for the people of one step: bits where there are
/// few slots, else a set of keys.
struct DistinctPairs {
  /// Of bits, for a step: they have to be cleared for each.
  private static let mostWords = 1 << 17

  /// Person after person, since rows come so: whoever is next is in the cache.
  private var bits: [UInt64] = []
  /// 0: there are no bits.
  private var wordsOfPerson = 0
  private var keys: [UInt64] = []
  private var keyCount = 0

  /// Forgets all; `slots`: how many there will be, nil where nobody knows.
  mutating func start(slots: Int?, people: Int) {
    wordsOfPerson = slots.map { ($0 + 63) / 64 } ?? 0
    if wordsOfPerson * people > Self.mostWords { wordsOfPerson = 0 }
    if wordsOfPerson > 0 {
      let words = wordsOfPerson * people
      for word in 0..<min(words, bits.count) { bits[word] = 0 }
      if bits.count < words { bits += repeatElement(0, count: words - bits.count) }
    } else if keyCount > 0 || keys.isEmpty {
      keys = Array(repeating: .max, count: max(1 << 12, keys.count))
      keyCount = 0
    }
  }

  /// Whether it is the first time. `person` is counted from the step's first.
  @inline(__always)
  mutating func insert(_ slot: Int, _ person: Int) -> Bool {
    if wordsOfPerson == 0 {
      return insertKey(
        UInt64(truncatingIfNeeded: slot) &<< 32 | UInt64(truncatingIfNeeded: person))
    }
    precondition(slot >> 6 < wordsOfPerson, "no slot \(slot)")
    let place = person &* wordsOfPerson &+ slot &>> 6
    let mask = 1 &<< UInt64(truncatingIfNeeded: slot & 63)
    let word = bits[place]
    bits[place] = word | mask
    return word & mask == 0
  }

  /// The cells of some people, to be counted.
  struct Met {
    /// Places of those that are counted, of which so many, and the cell of each.
    let rows: RowList
    let cells: BlockBuffer<UInt32>
    let count: Int
    /// By place.
    let people: BlockBuffer<UInt32>
    let groups: BlockBuffer<UInt32>
    let pieces: Int
  }

  /// Room for people of one group who are met in some order.
  struct Room {
    private let rows = RowList()
    private let groups = BlockBuffer<UInt32>(repeating: 0)
    let cells = BlockBuffer<UInt32>(repeating: 0)
    let people = BlockBuffer<UInt32>(repeating: 0)

    init() { BlockLoops.count(into: rows) }

    func met(_ count: Int, pieces: Int) -> Met {
      Met(rows: rows, cells: cells, count: count, people: people, groups: groups, pieces: pieces)
    }
  }

  /// Counts people once in the cell of their piece, and once in that of their group's total where there
  /// are several pieces. A slot is a cell of one of so many gauges.
  mutating func count(_ met: Met, gauge: Int, of gauges: Int, into counts: inout [Int]) {
    if wordsOfPerson > 0 {
      let words = wordsOfPerson
      return Self.count(met, gauge, gauges, words, &bits, &counts)
    }
    let pieces = UInt32(truncatingIfNeeded: met.pieces)
    for index in 0..<met.count {
      let row = Int(met.rows[index])
      let (person, cell) = (Int(met.people[row]), met.cells[index])
      let group = pieces == 1 ? cell : met.groups[row]
      let place = Int(cell + group)
      counts[place] += insert(place * gauges + gauge, person) ? 1 : 0
      if pieces == 1 { continue }
      let total = Int(group * (pieces + 1) + pieces)
      counts[total] += insert(total * gauges + gauge, person) ? 1 : 0
    }
  }

  private static func count(
    _ met: Met, _ gauge: Int, _ gauges: Int, _ words: Int, _ bits: inout [UInt64],
    _ counts: inout [Int]
  ) {
    precondition(met.count <= RowList.capacity, "too many rows")
    var bits = bits.mutableSpan
    var counts = counts.mutableSpan
    let pieces = UInt32(truncatingIfNeeded: met.pieces)
    // SAFETY: checked just now; rows of a list are rows of a block. Spans check their places.
    let (rows, cells) = unsafe (met.rows.start, met.cells.start)
    let (people, groups) = unsafe (met.people.start, met.groups.start)
    var index = 0
    while index < met.count {
      let row = Int(unsafe rows[index])
      let first = Int(unsafe people[row]) &* words
      let cell = unsafe cells[index]
      index &+= 1
      let group = pieces == 1 ? cell : unsafe groups[row]
      var place = Int(cell &+ group)
      while true {
        let slot = place &* gauges &+ gauge
        let mask = 1 &<< UInt64(truncatingIfNeeded: slot & 63)
        let word = bits[first &+ slot &>> 6]
        bits[first &+ slot &>> 6] = word | mask
        counts[place] &+= word & mask == 0 ? 1 : 0
        let total = Int(group &* (pieces &+ 1) &+ pieces)
        if pieces == 1 || place == total { break }
        place = total
      }
    }
  }

  private mutating func insertKey(_ key: UInt64) -> Bool {
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
