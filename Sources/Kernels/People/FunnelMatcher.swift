import Query

/// Any ordered or strict funnel over the events of one subject after the other, fed in the order of
/// time. Nothing is allocated on the way; memory is that of the steps, not of the events.
///
/// Of all chains that end in a step with so many optional steps, the one that started last is kept: what
/// another could still reach, it can reach too. `Docs/semantics.md` has the definition that this
/// follows, and the tests a model that tries every chain.
package struct FunnelMatcher: ~Copyable {
  let plan: FunnelPlan
  /// By step and number of optional steps; then the best of all, and one that is being made.
  let table: ChainTable
  let optionalCount: Int
  private var isDone = false
  private var hasStarted = false
  private(set) var reached = 0
  private var reachedAt: Int64 = 0
  private var isTainted = false
  /// Strict funnels: something came between already, so that an exclusion finds nothing to end.
  private var isInterrupted = false
  /// Events wait until the next is known not to be of the same millisecond.
  private var pending: TiedEvent?
  private var pendingTime: Int64 = .min
  /// All events of the millisecond, where there are several.
  private var tied: [TiedEvent] = []

  package init(_ plan: FunnelPlan) {
    precondition(plan.order != .unordered, "an unordered funnel has a matcher of its own")
    self.plan = plan
    optionalCount = plan.optionalSteps.nonzeroBitCount
    table = ChainTable(plan.stepCount * (optionalCount + 1) + 2, stepCount: plan.stepCount)
  }

  var best: Int { table.count - 2 }
  var draft: Int { table.count - 1 }
  func chain(_ step: Int, _ optional: Int) -> Int {
    (step &- 1) &* (optionalCount &+ 1) &+ optional
  }
  func isOptional(_ step: Int) -> Bool { plan.optionalSteps & (1 << UInt32(step &- 1)) != 0 }
  var canStart: Bool { !(plan.startsOnce && hasStarted) }

  /// Forgets the subject before.
  package mutating func begin() {
    table.removeAll()
    isDone = false
    hasStarted = false
    reached = 0
    isTainted = false
    isInterrupted = false
    pending = nil
    tied.removeAll(keepingCapacity: true)
  }

  /// The subject's next event: the steps that it fits, bit 0 the first, and the ways between steps that
  /// it is an exclusion for. Events that are neither matter to strict funnels only.
  @inline(__always)
  package mutating func add(time: Int64, steps: UInt32, exclusions: UInt32 = 0, ordinal: Int) {
    if isDone || (steps | exclusions == 0 && plan.order != .strict) { return }
    addRelevant(
      TiedEvent(steps: steps, exclusions: exclusions, ordinal: Int64(ordinal)), at: time)
  }

  private mutating func addRelevant(_ event: TiedEvent, at time: Int64) {
    if let waiting = pending, time == pendingTime {
      if tied.isEmpty { tied.append(waiting) }
      // More alike than there are steps cannot matter.
      if tied.count(where: { $0.isAlike(event) }) < plan.stepCount { tied.append(event) }
      return
    }
    applyPending()
    pending = event
    pendingTime = time
  }

  private mutating func applyPending() {
    guard let event = pending, !isDone else { return }
    if tied.isEmpty {
      apply(event, at: pendingTime)
    } else {
      apply(tied: tied, at: pendingTime)
      if tied.contains(where: { $0.steps & 1 != 0 }) { hasStarted = true }
      tied.removeAll(keepingCapacity: true)
    }
    pending = nil
    if reached == plan.stepCount { isDone = true }
  }

  package mutating func finish() -> FunnelOutcome {
    applyPending()
    var outcome = FunnelOutcome()
    guard reached > 0 else { return outcome }
    outcome.reached = reached
    outcome.path = table.path(best)
    outcome.isRemoved = isTainted && plan.removesExcluded
    outcome.start = table.start(best)
    outcome.last = reachedAt
    return outcome
  }

  /// Of the best chain's event for a step in its path, after `finish`.
  package func time(ofStep step: Int) -> Int64 { table.time(step, of: best) }
  package func ordinal(ofStep step: Int) -> Int { Int(table.ordinal(step, of: best)) }
}

/// What there is to know of an event besides its time.
struct TiedEvent {
  var steps: UInt32
  var exclusions: UInt32
  var ordinal: Int64

  func isAlike(_ other: TiedEvent) -> Bool {
    steps == other.steps && exclusions == other.exclusions
  }
}

// One event at its time.
extension FunnelMatcher {
  private mutating func apply(_ event: TiedEvent, at time: Int64) {
    // From the last step down, so that no event is two steps of one chain.
    if event.exclusions == 0 && plan.order != .strict {
      var rest = event.steps
      while rest != 0 {
        let step = 32 &- rest.leadingZeroBitCount
        rest &= ~(1 << UInt32(step &- 1))
        extend(to: step, by: event, at: time)
      }
    } else {
      applyWithEnds(event, at: time)
    }
    if event.steps & 1 != 0 { hasStarted = true }
  }

  /// The same for an event that may end chains as well.
  private mutating func applyWithEnds(_ event: TiedEvent, at time: Int64) {
    taintBest(with: event.exclusions, at: time)
    interruptBest(by: event)
    var step = plan.stepCount
    while step >= 1 {
      let fits = event.steps & (1 << UInt32(step &- 1)) != 0
      if event.exclusions & plan.exposed[step] != 0 { removeChains(to: step, openAt: time) }
      if plan.order == .strict && !fits { removeChains(to: step) }
      if fits { extend(to: step, by: event, at: time) }
      step &-= 1
    }
  }

  private mutating func extend(to step: Int, by event: TiedEvent, at time: Int64) {
    if step == 1 {
      guard canStart else { return }
      table.begin(draft, at: time)
      table.add(1, to: draft, at: time, event.ordinal)
      keepDraft(to: 1, at: time, isTainted: false, goesOn: true)
      return
    }
    var from = step &- 1
    while from >= 1 {
      var optional = 0
      while optional <= optionalCount {
        let source = chain(from, optional)
        if isOpen(source, at: time), !isKnown(source, at: step, time) {
          table.copy(source, to: draft)
          table.add(step, to: draft, at: time, event.ordinal)
          keepDraft(to: step, at: time, isTainted: false, goesOn: true)
        }
        optional &+= 1
      }
      guard isOptional(from) else { return }
      from &-= 1
    }
  }
}

// What chains become.
extension FunnelMatcher {
  /// Whether a chain that starts where this one does has come to the step before: then that one came
  /// earlier, and stays.
  private func isKnown(_ source: Int, at step: Int, _ time: Int64) -> Bool {
    guard optionalCount == 0, step < plan.stepCount else { return false }
    let known = chain(step, 0)
    return table.exists(known) && table.start(known) == table.start(source)
      && (step < reached || (step == reached && !isTainted && time != reachedAt))
  }

  /// Whether there is a chain whose window still holds this time.
  func isOpen(_ chain: Int, at time: Int64) -> Bool {
    table.exists(chain) && plan.holds(time, since: table.start(chain))
  }

  func removeChains(to step: Int) {
    var optional = 0
    while optional <= optionalCount {
      table.remove(chain(step, optional))
      optional &+= 1
    }
  }

  /// An exclusion ends what it finds open; behind the window it says nothing, and nothing would follow.
  func removeChains(to step: Int, openAt time: Int64) {
    var optional = 0
    while optional <= optionalCount {
      let chain = chain(step, optional)
      if isOpen(chain, at: time) { table.remove(chain) }
      optional &+= 1
    }
  }

  mutating func taintBest(with exclusions: UInt32, at time: Int64) {
    guard reached > 0, exclusions & plan.exposed[reached] != 0, !isInterrupted,
      isOpen(best, at: time)
    else { return }
    isTainted = true
  }

  mutating func interruptBest(by event: TiedEvent) {
    if plan.order == .strict && reached > 0 && !event.fits(reached) { isInterrupted = true }
  }

  /// Takes the draft for the best of all, if it is, and as what later events go on from.
  mutating func keepDraft(
    to step: Int, at time: Int64, isTainted: Bool, isInterrupted: Bool = false, goesOn: Bool
  ) {
    if isBetter(step, time, isTainted) {
      table.copy(draft, to: best)
      reached = step
      reachedAt = time
      self.isTainted = isTainted
      self.isInterrupted = isInterrupted
    }
    guard goesOn, step < plan.stepCount else { return }
    let place = chain(step, (table.path(draft) & plan.optionalSteps).nonzeroBitCount)
    if !table.exists(place) || table.prefers(draft, to: place) { table.copy(draft, to: place) }
  }

  private func isBetter(_ step: Int, _ time: Int64, _ isTainted: Bool) -> Bool {
    if step != reached { return step > reached }
    if plan.removesExcluded && isTainted != self.isTainted { return self.isTainted }
    return time == reachedAt && table.prefers(draft, to: best)
  }
}
