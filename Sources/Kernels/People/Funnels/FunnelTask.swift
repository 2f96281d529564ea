import Query
import Sections

/// What a thread found of a funnel.
struct FunnelParts: Sendable {
  var whole: FunnelTally
  var groups: [UInt32: FunnelTally] = [:]
  /// By piece of the range: whose chain starts there, and whose of these is complete.
  var entered: [Int] = []
  var converted: [Int] = []
  /// Where it is asked for: how far each person came.
  var people: [FunnelPerson] = []

  mutating func add(_ other: FunnelParts) {
    whole.add(other.whole)
    groups.merge(other.groups) { sum, part in
      var sum = sum
      sum.add(part)
      return sum
    }
    for piece in entered.indices {
      entered[piece] += other.entered[piece]
      converted[piece] += other.converted[piece]
    }
    people += other.people
  }
}

/// A person of the directory in a funnel: the steps of the best of their chains.
struct FunnelPerson: Sendable {
  var person: UInt32
  var reached: UInt8
  var path: UInt32
}

/// Any funnel, from rows.
final class FunnelTask<Matcher: FunnelMatching & ~Copyable>: FlowTask {
  private let reader: FlowReader
  private var sink: FunnelRows<Matcher>

  init(_ reader: FlowReader, _ asked: FunnelAsked) {
    self.reader = reader
    sink = FunnelRows(asked)
  }

  var byteCount: Int { sink.byteCount }

  func look(at people: Range<Int>) throws(KernelFailure) {
    try Self.look(at: people, reader, &sink)
  }

  private static func look(
    at people: Range<Int>, _ reader: FlowReader, _ sink: inout FunnelRows<Matcher>
  ) throws(KernelFailure) {
    for person in people {
      try reader.walk(person, &sink)
      sink.end(person)
    }
  }

  func finish() -> FunnelParts { sink.parts }
}

/// A funnel, and what its threads share.
final class FunnelAsked: Sendable {
  let funnel: FunnelQuestion
  let steps: FunnelSteps
  let plan: FunnelPlan
  let groups: GroupCodes?
  let pieces: PieceTable?
  /// By exclusion, the ways between steps that it is for.
  let ways: [UInt32]
  /// In a second look: the groups that are too small for a row, as one in which nobody counts twice.
  let others: Set<UInt32>
  let tellsPeople: Bool

  init(
    _ funnel: FunnelQuestion, _ groups: GroupCodes?, others: Set<UInt32> = [],
    tellsPeople: Bool = false
  ) throws(QueryError) {
    self.funnel = funnel
    self.others = others
    self.tellsPeople = tellsPeople
    self.groups = groups
    steps = FunnelSteps(funnel)
    plan = FunnelPlan(funnel)
    pieces = funnel.interval == .total ? nil : try PieceTable(funnel.scope, by: funnel.interval)
    ways = funnel.exclusions.map { funnel.transitions(of: $0) }
  }

  var attribution: AttributedBreakdown.Attribution? { funnel.breakdown?.attribution }
  /// The ways between steps that an event is an exclusion for.
  @inline(__always)
  func exclusions(of mark: UInt64) -> UInt32 {
    if ways.isEmpty { return 0 }
    var found: UInt32 = 0
    for (place, way) in ways.enumerated()
    where mark & (1 << UInt64(steps.count + place)) != 0 { found |= way }
    return found
  }

  var isSplit: Bool { attribution == .allSteps || attribution == .eachValue }
}
