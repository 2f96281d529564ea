import Query

/// What one thread has counted, by gauge: then the threads' tallies are added up.
///
/// A cell is a piece of a group; gauges of people have one cell more for each group, its total, since
/// people do not add up.
struct SeriesTally: Sendable {
  let pieces: Int
  private(set) var groups = 0
  var counts: [[Int]]
  var sums: [[ExactSum]]
  var extremes: [[Extremes]]
  /// A list for each tally that was added up.
  var lists: [[NumberList]]
  /// A one for each group that has an event.
  var exists: [UInt8] = []
  private let kinds: [SeriesPlan.Gauge.Kind]

  init(_ plan: SeriesPlan, pieces: Int) {
    self.pieces = pieces
    kinds = plan.gauges.map(\.kind)
    counts = kinds.map { _ in [] }
    sums = kinds.map { _ in [] }
    extremes = kinds.map { _ in [] }
    lists = kinds.map { _ in [NumberList()] }
  }

  /// Makes room for so many groups.
  mutating func reserve(groups: Int) {
    guard groups > self.groups else { return }
    // Room for more, so that few groups more cost nothing.
    self.groups = max(groups, self.groups * 2)
    let groups = self.groups
    exists += repeatElement(0, count: groups - exists.count)
    for gauge in kinds.indices {
      switch kinds[gauge] {
      case .events, .personEvents:
        counts[gauge] += repeatElement(0, count: groups * pieces - counts[gauge].count)
      case .people, .rolling:
        counts[gauge] += repeatElement(0, count: groups * (pieces + 1) - counts[gauge].count)
      case .sum:
        sums[gauge] += repeatElement(ExactSum(), count: groups * pieces - sums[gauge].count)
      case .extremes:
        extremes[gauge] += repeatElement(
          Extremes(), count: groups * pieces - extremes[gauge].count)
      case .list: break
      }
    }
  }

  /// About what so many groups take.
  func byteCount(groups: Int) -> Int {
    kinds.reduce(0) { sum, kind in
      switch kind {
      case .events, .personEvents: sum + 8 * groups * pieces
      case .people, .rolling: sum + 12 * groups * (pieces + 1)
      case .sum: sum + MemoryLayout<ExactSum>.stride * groups * pieces
      case .extremes: sum + MemoryLayout<Extremes>.stride * groups * pieces
      case .list: sum
      }
    } + lists.joined().reduce(0) { $0 + $1.byteCount }
  }

  /// Marks the groups whose events were counted.
  mutating func markCounted() {
    for gauge in kinds.indices where kinds[gauge] == .events {
      for cell in counts[gauge].indices where counts[gauge][cell] > 0 { exists[cell / pieces] = 1 }
    }
  }

  mutating func add(_ other: SeriesTally) {
    reserve(groups: other.groups)
    for index in other.exists.indices { exists[index] |= other.exists[index] }
    for gauge in kinds.indices {
      for index in other.counts[gauge].indices {
        counts[gauge][index] += other.counts[gauge][index]
      }
      for index in other.sums[gauge].indices { sums[gauge][index].add(other.sums[gauge][index]) }
      for index in other.extremes[gauge].indices {
        extremes[gauge][index].add(other.extremes[gauge][index])
      }
      lists[gauge] += other.lists[gauge]
    }
  }
}
