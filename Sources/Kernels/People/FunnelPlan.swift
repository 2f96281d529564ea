package import Query

/// A funnel as the matchers see it: which steps there are and what keeps a chain from going on,
/// without any event.
package struct FunnelPlan: Sendable {
  package let stepCount: Int
  package let window: Int64
  /// Bit 0 is the first step.
  package let optionalSteps: UInt32
  package let order: FunnelQuestion.StepOrder
  package let startsOnce: Bool
  package let removesExcluded: Bool
  package let hasExclusions: Bool
  /// By the step that a chain has come to: on which ways an exclusion would lie on the way of it. Bit 0
  /// is the way from the first step to the second. Where optional steps follow, the ways behind them
  /// are among these, for the chain may be on any.
  let exposed: InlineArray<33, UInt32>

  package init(_ funnel: FunnelQuestion) {
    stepCount = funnel.steps.count
    window = funnel.windowMilliseconds
    order = funnel.order
    startsOnce = funnel.reentry == .first
    removesExcluded = funnel.exclusionEffect == .remove
    hasExclusions = !funnel.exclusions.isEmpty
    var optional: UInt32 = 0
    for (index, step) in funnel.steps.enumerated() where step.isOptional { optional |= 1 << index }
    optionalSteps = optional
    var exposed = InlineArray<33, UInt32>(repeating: 0)
    for step in 1..<max(stepCount, 1) {
      var next = step
      repeat {
        exposed[step] |= 1 << UInt32(next - 1)
        next += 1
      } while next < stepCount && optional & (1 << UInt32(next - 1)) != 0
    }
    self.exposed = exposed
  }

  /// Whether the latest start of each step is all that has to be known.
  package var isPlain: Bool {
    order == .ordered && optionalSteps == 0 && !hasExclusions && !startsOnce
  }

  /// Whether a time is inside the window of a chain that has begun by then: in unsigned numbers, which
  /// hold every distance.
  @inline(__always)
  func holds(_ time: Int64, since start: Int64) -> Bool {
    UInt64(bitPattern: time &- start) <= UInt64(bitPattern: window)
  }

  /// The steps between two, neither of them included.
  static func steps(between lower: Int, and upper: Int) -> UInt32 {
    let below = { (count: Int) in count >= 32 ? UInt32.max : (1 << UInt32(count)) &- 1 }
    return upper - 1 <= lower ? 0 : below(upper - 1) & ~below(lower)
  }
}

/// How far one subject came.
package struct FunnelOutcome: Equatable, Sendable {
  /// From 1; 0 of who did not start. Without an order, how many steps.
  package var reached = 0
  /// The steps of the chain; bit 0 is the first.
  package var path: UInt32 = 0
  /// An exclusion takes the subject out of all steps: then `reached` says how far it had come.
  package var isRemoved = false
  /// The times of the chain's first event and last.
  package var start: Int64 = 0
  package var last: Int64 = 0

  package init() {}

  /// Which of two counts, where one subject may take several ways, each with one value of a property.
  package func isBetter(than other: FunnelOutcome) -> Bool {
    if reached != other.reached { return reached > other.reached }
    if isRemoved != other.isRemoved { return other.isRemoved }
    if last != other.last { return last < other.last }
    if path.nonzeroBitCount != other.path.nonzeroBitCount {
      return path.nonzeroBitCount > other.path.nonzeroBitCount
    }
    return start > other.start
  }
}
