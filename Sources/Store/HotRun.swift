package import Events

/// Hot events of one project as columns in the order of (cts, id): what a committed batch becomes in
/// memory, and what several small runs are merged into. It never changes.
package final class HotRun: Sendable {
  package let idHigh: [UInt64]
  package let idLow: [UInt64]
  package let cts: [Int64]
  /// Codes of the project's names.
  package let names: [UInt32]
  /// Codes of the project's people; 0 for an event without a person.
  package let people: [UInt32]
  package let kinds: [UInt8]
  /// Packed `HotPlace`s.
  package let places: [UInt64]

  package var count: Int { cts.count }

  package func id(at row: Int) -> EventID {
    guard let id = EventID(high: idHigh[row], low: idLow[row]) else {
      preconditionFailure("a run holds only ids that were checked")
    }
    return id
  }

  package func place(at row: Int) -> HotPlace { HotPlace(packed: places[row]) }

  /// The rows with `from <= cts < to`.
  package func rows(from: Int64, to: Int64) -> Range<Int> {
    let start = firstRow { cts[$0] >= from }
    return start..<max(start, firstRow { cts[$0] >= to })
  }

  /// The first row for which `isBehind` holds; it has to hold for all that follow.
  package func firstRow(where isBehind: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Rows that are gathered in any order, to be sorted into a run.
  struct Builder {
    private(set) var idHigh: [UInt64] = []
    private(set) var idLow: [UInt64] = []
    private(set) var cts: [Int64] = []
    private(set) var names: [UInt32] = []
    private(set) var people: [UInt32] = []
    private(set) var kinds: [UInt8] = []
    private(set) var places: [UInt64] = []

    init(capacity: Int) {
      idHigh.reserveCapacity(capacity)
      idLow.reserveCapacity(capacity)
      cts.reserveCapacity(capacity)
      names.reserveCapacity(capacity)
      people.reserveCapacity(capacity)
      kinds.reserveCapacity(capacity)
      places.reserveCapacity(capacity)
    }

    mutating func append(
      _ id: EventID, cts: Int64, name: UInt32, person: UInt32, kind: UInt8, place: HotPlace
    ) {
      idHigh.append(id.high)
      idLow.append(id.low)
      self.cts.append(cts)
      names.append(name)
      people.append(person)
      kinds.append(kind)
      places.append(place.packed)
    }

    mutating func append(_ run: HotRun) {
      idHigh += run.idHigh
      idLow += run.idLow
      cts += run.cts
      names += run.names
      people += run.people
      kinds += run.kinds
      places += run.places
    }
  }

  init(_ rows: borrowing Builder) {
    let order = Self.order(rows)
    guard let order else {
      idHigh = rows.idHigh
      idLow = rows.idLow
      cts = rows.cts
      names = rows.names
      people = rows.people
      kinds = rows.kinds
      places = rows.places
      return
    }
    idHigh = order.map { rows.idHigh[Int($0)] }
    idLow = order.map { rows.idLow[Int($0)] }
    cts = order.map { rows.cts[Int($0)] }
    names = order.map { rows.names[Int($0)] }
    people = order.map { rows.people[Int($0)] }
    kinds = order.map { rows.kinds[Int($0)] }
    places = order.map { rows.places[Int($0)] }
  }

  /// The rows by (cts, id); nil if they are in order already, as most batches are.
  private static func order(_ rows: borrowing Builder) -> [UInt32]? {
    let cts = rows.cts
    let high = rows.idHigh
    let low = rows.idLow
    func precedes(_ a: Int, _ b: Int) -> Bool {
      if cts[a] != cts[b] { return cts[a] < cts[b] }
      if high[a] != high[b] { return high[a] < high[b] }
      return low[a] < low[b]
    }
    var isOrdered = true
    var row = 1
    while row < cts.count, isOrdered {
      isOrdered = !precedes(row, row - 1)
      row += 1
    }
    if isOrdered { return nil }
    // The standard sort finds the ordered stretches: merging runs costs n log(runs).
    return (0..<UInt32(cts.count)).sorted { precedes(Int($0), Int($1)) }
  }
}

/// Which runs of a project to merge: tiers by size, sixteen runs of a tier become one of the next.
struct HotTiers {
  static let fanIn = 16
  /// Runs of this size stay as they are.
  static let largest = 1 << 18

  /// The positions of the runs to merge now: the first tier that is full.
  static func due(_ counts: [Int]) -> [Int]? {
    var members: [[Int]] = Array(repeating: [], count: 8)
    for (position, count) in counts.enumerated() where count < largest {
      let tier = (Int.bitWidth - 1 - max(count, 1).leadingZeroBitCount) / 4
      members[tier].append(position)
      if members[tier].count == fanIn { return members[tier] }
    }
    return nil
  }
}
