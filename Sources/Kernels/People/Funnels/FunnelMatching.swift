import Query

/// What finds the chain of one subject that counts, event by event.
protocol FunnelMatching: ~Copyable {
  init(_ plan: FunnelPlan)
  /// What one has allocated beside itself.
  static func byteCount(_ plan: FunnelPlan) -> Int
  mutating func begin()
  mutating func add(time: Int64, steps: UInt32, exclusions: UInt32, ordinal: Int)
  mutating func finish() -> FunnelOutcome
  func time(ofStep step: Int) -> Int64
  func ordinal(ofStep step: Int) -> Int
}

extension PlainFunnelMatcher: FunnelMatching {
  static func byteCount(_ plan: FunnelPlan) -> Int { 16 * plan.stepCount * (plan.stepCount + 2) }
}
extension FunnelMatcher: FunnelMatching {
  static func byteCount(_ plan: FunnelPlan) -> Int {
    let chains = plan.stepCount * (plan.optionalSteps.nonzeroBitCount + 1) + 2
    return 16 * chains * (plan.stepCount + 1)
  }
}
extension UnorderedFunnelMatcher: FunnelMatching {
  static func byteCount(_ plan: FunnelPlan) -> Int { 0 }
}

/// One way of a subject through a funnel: with all events, or with those that share a value.
struct FunnelTry<Matcher: FunnelMatching & ~Copyable>: ~Copyable {
  var matcher: Matcher
  /// The value of the breakdown that its events share, and the one that they hold.
  var group: UInt32 = 0
  var held: UInt32 = 0
  /// The groups of its first and last event of a step that has one.
  var firstTouch: UInt32 = 0
  var lastTouch: UInt32 = 0
  var outcome = FunnelOutcome()

  init(_ plan: FunnelPlan) { matcher = Matcher(plan) }

  mutating func begin(_ group: UInt32, _ held: UInt32) {
    matcher.begin()
    self.group = group
    self.held = held
    firstTouch = 0
    lastTouch = 0
  }

  @inline(__always)
  mutating func feed(
    _ time: Int64, _ steps: UInt32, _ exclusions: UInt32, _ place: Int, _ group: UInt32
  ) {
    matcher.add(time: time, steps: steps, exclusions: exclusions, ordinal: place)
    if steps != 0 && group != ValueNumbers.none {
      if firstTouch == ValueNumbers.none { firstTouch = group }
      lastTouch = group
    }
  }
}
