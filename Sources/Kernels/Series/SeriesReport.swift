import Query

/// What was counted, as the values of an answer.
struct SeriesReport: Sendable {
  private let plan: SeriesPlan
  private let tally: SeriesTally
  /// By gauge, where it lists numbers.
  private let lists: [NumbersByCell?]
  /// The cells of a gauge whose numbers were ranked last: those of other measures are the same.
  private var ranked: (gauge: Int, cells: Range<Int>, keys: RankedKeys)?

  init(_ plan: SeriesPlan, _ tally: SeriesTally) {
    self.plan = plan
    self.tally = tally
    lists = plan.gauges.indices.map { gauge in
      guard case .list = plan.gauges[gauge].kind else { return nil }
      return NumbersByCell(tally.lists[gauge], cells: tally.groups * tally.pieces)
    }
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
    if ranked?.gauge != gauge || ranked?.cells != cells {
      ranked = lists[gauge].map { (gauge, cells, RankedKeys($0.keys(of: cells))) }
    }
    guard let count = ranked?.keys.count, count > 0 else { return .null }
    let (below, fraction) = quantile.place(among: count)
    guard let low = ranked?.keys.key(at: below) else { return .null }
    guard fraction > 0, let high = ranked?.keys.key(at: below + 1) else {
      return .double(OrderedKey.number(of: low))
    }
    return .double(
      Quantile.interpolated(OrderedKey.number(of: low), OrderedKey.number(of: high), fraction))
  }
}
