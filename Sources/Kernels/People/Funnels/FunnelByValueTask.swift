import Query
import Sections

/// A plain funnel with each value of a breakdown: for each value that a person has, the plain funnel of
/// the events with it.
final class FunnelByValueTask: FlowTask {
  private let reader: FlowReader
  private let names: FunnelNames
  private var sink: FunnelByValueRows

  init(_ reader: FlowReader, _ asked: FunnelAsked, _ groups: GroupCodes, _ names: FunnelNames) {
    self.reader = reader
    self.names = names
    sink = FunnelByValueRows(asked, groups)
  }

  /// Whether nothing is asked but how far people come with each value.
  static func fits(_ asked: FunnelAsked, _ source: FlowSource) -> Bool {
    asked.attribution == .eachValue && asked.plan.isPlain && asked.funnel.subject == .person
      && asked.funnel.held == nil && asked.pieces == nil && !asked.tellsPeople
      && asked.others.isEmpty && !source.countsOperations && source.areStepsDisjoint(asked.funnel)
  }

  var byteCount: Int { sink.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, names, &sink)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ names: FunnelNames,
    _ sink: inout FunnelByValueRows
  ) throws(KernelFailure) {
    var person = people.lowerBound
    while person < people.upperBound {
      sink.depth = names.depth(of: person, reader).depth
      try reader.walk(person, &sink)
      sink.end()
      person &+= 1
    }
  }

  func finish() -> FunnelParts { sink.parts }
}

/// Takes rows of one value after the other to that value's matcher.
struct FunnelByValueRows: FlowSink, ~Copyable {
  /// How far the person can come at most.
  var depth = 0
  let isSatisfied = false
  private let steps: FunnelSteps
  private let groups: GroupCodes
  private let columns: Int
  private var ways: FunnelWays
  /// By group, one more than its place among the tallies; 0 before anybody had it.
  private var places: [UInt32] = []
  private var tallies: [Tally] = []
  private var tallyBytes = 0
  private var lastGroup = UInt32.max
  private var lastWay = 0

  private struct Tally {
    let group: UInt32
    /// Of the person whose rows these are; -1 without such an event.
    var way = -1
    /// Who came to the first step and no further.
    var first = 0
    /// Of all others.
    var rest: FunnelTally?
  }

  init(_ asked: FunnelAsked, _ groups: GroupCodes) {
    steps = asked.steps
    self.groups = groups
    columns = asked.funnel.breakdown?.breakdown.paths.count ?? 1
    ways = FunnelWays(asked.plan)
  }

  var byteCount: Int {
    4 * places.count + MemoryLayout<Tally>.stride * tallies.count + tallyBytes + ways.byteCount
  }
  var heldBytes: Int { byteCount }

  @inline(__always)
  mutating func take(_ stretch: borrowing Stretch) {
    var row = 0
    while row < (unsafe stretch.count) {
      // SAFETY: the stretch has so many rows, and a number of each value.
      let first = row
      row = unsafe stretch.end(ofNumbersFrom: row, columns: columns)
      guard unsafe stretch.hasEvent(in: first..<row) else { continue }
      let group = unsafe groups.code(stretch.numbers + first)
      if group != lastGroup { turn(to: group) }
      if depth > 0 {
        unsafe ways.scan(lastWay, stretch, first..<row, depth: depth)
      }
    }
  }

  private mutating func turn(to group: UInt32) {
    if Int(group) >= places.count {
      places += Array(repeating: 0, count: max(64, Int(group) + 1, 2 * places.count) - places.count)
    }
    if places[Int(group)] == 0 {
      tallies.append(Tally(group: group))
      places[Int(group)] = UInt32(tallies.count)
    }
    let place = Int(places[Int(group)]) - 1
    if tallies[place].way < 0 { tallies[place].way = ways.make(for: place) }
    lastGroup = group
    lastWay = tallies[place].way
  }

  /// The person has no more events.
  @inline(__always)
  mutating func end() {
    var way = 0
    while way < ways.count {
      let place = ways.tally(of: way)
      let outcome = ways.finish(way)
      tallies[place].way = -1
      if outcome.reached == 1 {
        tallies[place].first &+= 1
      } else if outcome.reached > 1 {
        add(outcome, of: way, to: place)
      }
      way &+= 1
    }
    ways.removeAll()
    lastGroup = .max
  }

  private mutating func add(_ outcome: FunnelOutcome, of way: Int, to place: Int) {
    if tallies[place].rest == nil { tallies[place].rest = FunnelTally(stepCount: steps.count) }
    tallies[place].rest?.add(outcome, steps) { ways.time(of: way, step: $0) }
    // A time for each step behind the first.
    tallyBytes += 8 * outcome.reached
  }

  var parts: FunnelParts {
    var parts = FunnelParts(whole: FunnelTally(stepCount: steps.count))
    for tally in tallies {
      var sum = tally.rest ?? FunnelTally(stepCount: steps.count)
      sum.addFirsts(tally.first)
      parts.groups[tally.group] = sum
      parts.whole.add(sum)
    }
    return parts
  }
}
