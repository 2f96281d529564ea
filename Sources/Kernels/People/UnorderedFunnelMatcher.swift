import Query

/// A funnel whose steps may come in any order: how many different steps fall into one window, each by
/// an event of its own.
///
/// Kept are at most as many events as there are steps: those that can fill steps together, each as late
/// as can be. Sets of events that can fill steps together are a matroid, so a new event that fits no
/// free step takes the place of the oldest among those it competes with, and what is kept stays the
/// best for every start of a window.
package struct UnorderedFunnelMatcher: ~Copyable {
  private let plan: FunnelPlan
  /// By step, what fills it; no steps at all where nothing does.
  private var kept = InlineArray<32, Kept>(repeating: Kept())
  private var occupied: UInt32 = 0
  private var time: Int64 = .min
  /// Events of the millisecond, for what an exclusion in it leaves.
  private var current: [Kept] = []
  private var isExcluded = false
  private var outcome = FunnelOutcome()
  private var isTainted = false
  private var isDone = false
  /// The best chain, by step.
  private var chain = InlineArray<32, Kept>(repeating: Kept())

  private struct Kept {
    var time: Int64 = 0
    var ordinal = 0
    var steps: UInt32 = 0

    func isOlder(than other: Kept) -> Bool {
      time == other.time ? ordinal < other.ordinal : time < other.time
    }
  }

  package init(_ plan: FunnelPlan) {
    precondition(plan.order == .unordered)
    self.plan = plan
  }

  package mutating func begin() {
    occupied = 0
    time = .min
    current.removeAll(keepingCapacity: true)
    isExcluded = false
    outcome = FunnelOutcome()
    isTainted = false
    isDone = false
  }

  /// As for `FunnelMatcher`. An exclusion lies between all steps, and fills none.
  @inline(__always)
  package mutating func add(time: Int64, steps: UInt32, exclusions: UInt32 = 0, ordinal: Int) {
    if isDone || steps | exclusions == 0 { return }
    addRelevant(time, exclusions == 0 ? steps : 0, ordinal)
  }

  private mutating func addRelevant(_ time: Int64, _ steps: UInt32, _ ordinal: Int) {
    if time != self.time {
      endMillisecond()
      if isDone { return }
      self.time = time
      forget(before: time)
    }
    guard steps != 0 else {
      isExcluded = true
      return
    }
    let event = Kept(time: time, ordinal: ordinal, steps: steps)
    if plan.hasExclusions, current.count(where: { $0.steps == steps }) < plan.stepCount {
      current.append(event)
    }
    keep(event)
  }

  package mutating func finish() -> FunnelOutcome {
    endMillisecond()
    outcome.isRemoved = isTainted && plan.removesExcluded
    return outcome
  }

  package func time(ofStep step: Int) -> Int64 { chain[step - 1].time }
  package func ordinal(ofStep step: Int) -> Int { chain[step - 1].ordinal }
}

extension UnorderedFunnelMatcher {
  private mutating func forget(before time: Int64) {
    var steps = occupied
    while steps != 0 {
      let step = steps.trailingZeroBitCount
      steps &= steps &- 1
      if !plan.holds(time, since: kept[step].time) { occupied &= ~(1 << UInt32(step)) }
    }
  }

  /// Finds the steps that the event could have if others made way, and takes the first that is free or,
  /// where none is, that of the oldest.
  private mutating func keep(_ event: Kept) {
    var from = InlineArray<32, Int>(repeating: -1)
    var found = event.steps
    var open = found
    var last = -1
    var oldest = event
    while open != 0 {
      let step = open.trailingZeroBitCount
      open &= open &- 1
      guard occupied & (1 << UInt32(step)) != 0 else {
        last = step
        break
      }
      if kept[step].isOlder(than: oldest) {
        oldest = kept[step]
        last = step
      }
      let more = kept[step].steps & ~found
      var new = more
      while new != 0 {
        from[new.trailingZeroBitCount] = step
        new &= new &- 1
      }
      found |= more
      open |= more
    }
    guard last >= 0 else { return }
    occupied |= 1 << UInt32(last)
    // Everybody on the way moves one on; whoever had the last step is gone.
    while from[last] >= 0 {
      kept[last] = kept[from[last]]
      last = from[last]
    }
    kept[last] = event
  }

  private mutating func endMillisecond() {
    guard time != .min, !isDone else { return }
    measure()
    if isExcluded && !isDone {
      isExcluded = false
      occupied = 0
      for event in current { keep(event) }
      measure()
    }
    current.removeAll(keepingCapacity: true)
  }

  private mutating func measure() {
    let count = occupied.nonzeroBitCount
    var start = time
    var steps = occupied
    while steps != 0 {
      start = min(start, kept[steps.trailingZeroBitCount].time)
      steps &= steps &- 1
    }
    // What began in this millisecond may have begun behind the exclusion.
    let isHit = isExcluded && start != time && count < plan.stepCount
    if isExcluded, outcome.reached > 0, outcome.start != time,
      plan.holds(time, since: outcome.start)
    {
      isTainted = true
    }
    let isCleaner = plan.removesExcluded && isTainted && !isHit
    guard count > 0, count > outcome.reached || (count == outcome.reached && isCleaner) else {
      return
    }
    outcome.reached = count
    outcome.path = occupied
    outcome.start = start
    outcome.last = time
    isTainted = isHit
    chain = kept
    if count == plan.stepCount { isDone = true }
  }
}
