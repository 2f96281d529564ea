import Calendar
import Query
import Synchronization

/// A series question, made ready for the passes that count: what is measured of which rows, each once
/// however many series ask for it.
struct SeriesPlan: Sendable {
  /// Something that is measured of the rows of a filter.
  struct Gauge: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
      case events, personEvents, people
      case rolling(days: Int)
      case sum(path: Int), extremes(path: Int), list(path: Int)
    }
    let filter: Int
    let kind: Kind
  }

  let question: SeriesQuestion
  let scope: Scope
  let pieces: Pieces
  /// The filters, each once.
  private(set) var filters: [EventFilter] = []
  /// Those of rolling people look back before the range.
  private(set) var isRolling: [Bool] = []
  private(set) var gauges: [Gauge] = []
  /// The gauges of each series: one, or two of which the first is divided by the second.
  private(set) var gaugesOfSeries: [[Int]] = []
  /// The properties that are added up.
  private(set) var paths: [PropertyPath] = []
  /// What first and last values of people are looked for in.
  let assignment: EventFilter?
  /// What filters and values of people's attributes are looked up in.
  let profiles: ProfileSource?

  /// Whether people have to be told apart.
  var knowsPeople: Bool {
    assignment != nil
      || gauges.contains { gauge in
        switch gauge.kind {
        case .personEvents, .people, .rolling: true
        case .events, .sum, .extremes, .list: false
        }
      }
  }

  init(
    _ question: SeriesQuestion, _ range: Range<Instant>, _ profiles: ProfileSource? = nil
  ) throws(QueryError) {
    self.question = question
    self.profiles = profiles
    var scope = question.scope
    scope.range = range
    self.scope = scope
    pieces = try Pieces(scope, question.interval)
    for path in question.breakdown?.paths ?? [] { try PathValues.check(path, profiles) }
    assignment =
      if let breakdown = question.breakdown, breakdown.assignment != .event {
        try EventFilter(scope, profiles: profiles)
      } else { nil }
    var selectors: [(EventSelector, rolling: Int?)] = []
    for series in question.series {
      if let path = series.measure.path { try PathValues.check(path, profiles) }
      var days: Int?
      if case .rollingPeople(let rolling) = series.measure { days = rolling }
      let filter: Int
      if let known = selectors.firstIndex(where: { $0.0 == series.selector && $0.rolling == days })
      {
        filter = known
      } else {
        filter = selectors.count
        selectors.append((series.selector, days))
        let times = days.flatMap { pieces.rollingTimes(days: $0) }
        filters.append(
          try EventFilter(scope, series.selector, times: times, profiles: profiles))
        isRolling.append(days != nil)
      }
      var own: [Int] = []
      for kind in kinds(of: series.measure) {
        let gauge = Gauge(filter: filter, kind: kind)
        if let known = gauges.firstIndex(of: gauge) {
          own.append(known)
        } else {
          own.append(gauges.count)
          gauges.append(gauge)
        }
      }
      gaugesOfSeries.append(own)
    }
  }

  /// The same plan for a part of its time.
  func restricted(to times: Range<Int64>) -> SeriesPlan {
    var plan = self
    plan.filters = filters.map { EventFilter($0, times: times) }
    return plan
  }

  private mutating func kinds(of measure: Measure) -> [Gauge.Kind] {
    switch measure {
    case .events: return [.events]
    case .people: return [.people]
    case .rollingPeople(let days): return [.rolling(days: days)]
    case .eventsPerPerson: return [.personEvents, .people]
    case .sum(let path), .average(let path): return [.sum(path: place(of: path))]
    case .minimum(let path), .maximum(let path): return [.extremes(path: place(of: path))]
    case .percentile(let path, _): return [.list(path: place(of: path))]
    }
  }

  private mutating func place(of path: PropertyPath) -> Int {
    if let known = paths.firstIndex(of: path) { return known }
    paths.append(path)
    return paths.count - 1
  }
}

/// The pieces of a range, and which of them a time is in.
struct Pieces: Sendable {
  let range: Range<Int64>
  let starts: [Instant]
  let table: BucketTable?
  private let zone: Zone

  var count: Int { starts.count }

  init(_ scope: Scope, _ interval: Interval) throws(QueryError) {
    range = scope.range.lowerBound.milliseconds..<scope.range.upperBound.milliseconds
    starts = try scope.starts(by: interval)
    zone = scope.zone
    guard let bucket = interval.bucket(scope.weekStart), !scope.range.isEmpty, starts.count > 1
    else {
      table = nil
      return
    }
    do {
      table = try BucketTable(
        bucket, in: scope.range, of: scope.zone, limit: Scope.maximumPieces)
    } catch { throw .tooManyBuckets(limit: Scope.maximumPieces) }
  }

  /// The stretch of time of a piece, inside the range.
  func times(of piece: Int) -> Range<Int64> {
    let start = max(starts[piece].milliseconds, range.lowerBound)
    let end = piece + 1 < starts.count ? starts[piece + 1].milliseconds : range.upperBound
    return start..<max(start, end)
  }

  /// The stretch of so many days that ends with a piece, or with the range.
  func rolling(days: Int, before end: Int64) -> Range<Int64> {
    let last = zone.date(at: Instant(milliseconds: end).saturatingAdding(milliseconds: -1))
    let start = zone.start(of: last.adding(days: 1 - days)).milliseconds
    return start..<max(start, end)
  }

  /// All times that some piece looks at.
  func rollingTimes(days: Int) -> Range<Int64>? {
    guard count > 0 else { return nil }
    let first = rolling(days: days, before: times(of: 0).upperBound)
    return first.lowerBound..<max(first.lowerBound, range.upperBound)
  }
}

/// The numbers of combinations of values, where a breakdown has several paths.
final class GroupTuples: Sendable {
  private struct State {
    var numbers: [[UInt32]: UInt32] = [:]
    var tuples: [[UInt32]] = []
  }
  private let state = Mutex(State())

  /// The combination of nothing is number 0.
  init(paths: Int) {
    _ = number(of: Array(repeating: ValueNumbers.none, count: paths))
  }

  var count: Int { state.withLock { $0.tuples.count } }
  var tuples: [[UInt32]] { state.withLock { $0.tuples } }

  func number(of tuple: [UInt32]) -> UInt32 {
    state.withLock { state in
      if let known = state.numbers[tuple] { return known }
      let number = UInt32(state.tuples.count)
      state.tuples.append(tuple)
      state.numbers[tuple] = number
      return number
    }
  }
}
