import Query

/// What was counted, as the values of an answer.
struct SeriesReport {
  private let plan: SeriesPlan
  private let tally: SeriesTally
  /// By gauge, where it lists numbers: those of each cell, by where the cell's begin.
  private var lists: [[Int64]]
  private var listStarts: [[Int]]

  init(_ plan: SeriesPlan, _ tally: SeriesTally) {
    self.plan = plan
    self.tally = tally
    lists = []
    listStarts = []
    for gauge in plan.gauges.indices {
      var starts: [Int] = []
      var sorted: [Int64] = []
      if case .list = plan.gauges[gauge].kind {
        (starts, sorted) = Self.byCell(
          tally.listCells[gauge], tally.listValues[gauge], cells: tally.groups * tally.pieces)
      }
      lists.append(sorted)
      listStarts.append(starts)
    }
  }

  /// Numbers as keys in their order, cell after cell.
  private static func byCell(
    _ cells: [UInt32], _ values: [Double], cells count: Int
  ) -> ([Int], [Int64]) {
    var starts = [Int](repeating: 0, count: count + 1)
    for cell in cells { starts[Int(cell) + 1] += 1 }
    for cell in 0..<count { starts[cell + 1] += starts[cell] }
    var next = starts
    var sorted = [Int64](repeating: 0, count: values.count)
    for (cell, value) in zip(cells, values) {
      sorted[next[Int(cell)]] = OrderedKey.key(of: value)
      next[Int(cell)] += 1
    }
    return (starts, sorted)
  }

  /// Of one piece; nil for the total.
  mutating func value(ofSeries series: Int, group: Int, piece: Int?) -> Value {
    let gauges = plan.gaugesOfSeries[series]
    let measure = plan.question.series[series].measure
    // Without pieces there is nothing.
    guard tally.pieces > 0, group < tally.groups else { return measure.ofNothing }
    switch measure {
    case .events: return .integer(Int64(count(gauges[0], group, piece)))
    case .people, .rollingPeople: return .integer(Int64(people(gauges[0], group, piece)))
    case .eventsPerPerson:
      let people = people(gauges[1], group, piece)
      return people == 0
        ? .null : .double(Double(count(gauges[0], group, piece)) / Double(people))
    case .sum: return sum(gauges[0], group, piece).value
    case .average: return sum(gauges[0], group, piece).average
    case .minimum: return extremes(gauges[0], group, piece).least
    case .maximum: return extremes(gauges[0], group, piece).greatest
    case .percentile(_, let quantile): return percentile(gauges[0], quantile, group, piece)
    }
  }

  private func cells(_ group: Int, _ piece: Int?) -> Range<Int> {
    let first = group * tally.pieces
    return piece.map { (first + $0)..<(first + $0 + 1) } ?? first..<(first + tally.pieces)
  }

  private func count(_ gauge: Int, _ group: Int, _ piece: Int?) -> Int {
    tally.counts[gauge][cells(group, piece)].reduce(0, +)
  }

  private func people(_ gauge: Int, _ group: Int, _ piece: Int?) -> Int {
    let first = group * (tally.pieces + 1)
    // With one piece its people are those of the total, and counted once; rolling ones are not.
    var place = piece ?? tally.pieces
    if case .people = plan.gauges[gauge].kind, tally.pieces == 1 { place = 0 }
    return tally.counts[gauge][first + place]
  }

  private func sum(_ gauge: Int, _ group: Int, _ piece: Int?) -> ExactSum {
    tally.sums[gauge][cells(group, piece)].reduce(into: ExactSum()) { $0.add($1) }
  }

  private func extremes(_ gauge: Int, _ group: Int, _ piece: Int?) -> Extremes {
    tally.extremes[gauge][cells(group, piece)].reduce(into: Extremes()) { $0.add($1) }
  }

  private mutating func percentile(
    _ gauge: Int, _ quantile: Quantile, _ group: Int, _ piece: Int?
  ) -> Value {
    let cells = cells(group, piece)
    let range = listStarts[gauge][cells.lowerBound]..<listStarts[gauge][cells.upperBound]
    guard !range.isEmpty else { return .null }
    let (below, fraction) = quantile.place(among: range.count)
    // A group's cells are neighbours: its total moves numbers between them, so each piece is asked
    // first, or a copy is.
    if piece == nil, tally.pieces > 1 {
      var copy = Array(lists[gauge][range])
      return Self.percentile(&copy, 0..<copy.count, below, fraction)
    }
    return Self.percentile(&lists[gauge], range, below, fraction)
  }

  private static func percentile(
    _ keys: inout [Int64], _ range: Range<Int>, _ below: Int, _ fraction: Double
  ) -> Value {
    let low = OrderedKey.select(range.lowerBound + below, in: range, of: &keys)
    guard fraction > 0 else { return .double(OrderedKey.number(of: low)) }
    let high = OrderedKey.least(
      (range.lowerBound + below + 1)..<range.upperBound, of: keys)
    return .double(
      Quantile.interpolated(OrderedKey.number(of: low), OrderedKey.number(of: high), fraction))
  }
}

/// Doubles as integers of the same order.
enum OrderedKey {
  @inline(__always)
  static func key(of number: Double) -> Int64 {
    let bits = Int64(bitPattern: number.bitPattern)
    return bits ^ ((bits >> 63) & .max)
  }

  @inline(__always)
  static func number(of key: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: key ^ ((key >> 63) & .max)))
  }

  static func least(_ range: Range<Int>, of keys: [Int64]) -> Int64 {
    var least = Int64.max
    for index in range { least = min(least, keys[index]) }
    return least
  }

  /// The key that would stand at `place` if the range were sorted. What is smaller goes before it,
  /// what is larger behind. Halves by the middle of three; who makes that slow is sorted instead.
  static func select(_ place: Int, in range: Range<Int>, of keys: inout [Int64]) -> Int64 {
    var low = range.lowerBound
    var high = range.upperBound - 1
    var rounds = 2 * (Int.bitWidth - range.count.leadingZeroBitCount) + 4
    while low < high {
      if rounds == 0 {
        keys[low...high].sort()
        break
      }
      rounds -= 1
      let middle = low + (high - low) / 2
      let three = (keys[low], keys[middle], keys[high])
      let pivot = max(min(three.0, three.1), min(max(three.0, three.1), three.2))
      let (left, right) = partition(&keys, low, high, pivot)
      if place <= right { high = right } else if place >= left { low = left } else { break }
    }
    return keys[place]
  }

  private static func partition(
    _ keys: inout [Int64], _ low: Int, _ high: Int, _ pivot: Int64
  ) -> (Int, Int) {
    var target = keys.mutableSpan
    var left = low
    var right = high
    while left <= right {
      // The pivot is among the keys: neither goes further than the ends.
      while target[left] < pivot { left &+= 1 }
      while target[right] > pivot { right &-= 1 }
      if left <= right {
        let key = target[left]
        target[left] = target[right]
        target[right] = key
        left &+= 1
        right &-= 1
      }
    }
    return (left, right)
  }
}
