import Query

// Several events of one millisecond count in the order that is best for the subject. So a chain may
// take any of them for its next steps, each for one, and what it does not take may lie in any gap
// between its steps: before it, where the chain starts in this millisecond, else behind any step that
// it has. These loops try what there is; milliseconds with several relevant events are rare.

extension FunnelMatcher {
  mutating func apply(tied: [TiedEvent], at time: Int64) {
    let all = tied.reduce(0) { $0 | $1.steps }
    // What interrupts may have come before an exclusion.
    for event in tied where reachedIsHarmless(event) { interruptBest(by: event) }
    for event in tied { taintBest(with: event.exclusions, at: time) }
    for event in tied { interruptBest(by: event) }
    for step in stride(from: plan.stepCount, through: 1, by: -1) {
      if tied.contains(where: { $0.exclusions & plan.exposed[step] != 0 }) {
        removeChains(to: step, openAt: time)
      }
      if plan.order == .strict, tied.contains(where: { !$0.fits(step) }) {
        removeChains(to: step)
      }
      guard all & (1 << UInt32(step - 1)) != 0 else { continue }
      for from in stride(from: step - 1, through: 0, by: -1) {
        let between = FunnelPlan.steps(between: from, and: step)
        let needed = between & ~plan.optionalSteps
        guard needed & ~all == 0 else { break }
        extend(tied, from: from, to: step, needed, between & plan.optionalSteps & all, at: time)
      }
    }
  }

  /// Every set of optional steps on the way, the empty one last.
  private mutating func extend(
    _ tied: [TiedEvent], from: Int, to step: Int, _ needed: UInt32, _ optional: UInt32,
    at time: Int64
  ) {
    if from == 0 {
      guard canStart else { return }
    } else {
      guard (0...optionalCount).contains(where: { isOpen(chain(from, $0), at: time) }) else {
        return
      }
    }
    var chosen = optional
    while true {
      let steps = needed | chosen | 1 << UInt32(step - 1)
      take(TiedSteps(steps, from: from, to: step, in: plan), of: tied, at: time)
      if chosen == 0 { return }
      chosen = (chosen &- 1) & optional
    }
  }

  private mutating func take(_ wanted: TiedSteps, of tied: [TiedEvent], at time: Int64) {
    // Events that would be in the way of the chain that goes on, or of one that ends here, have to be
    // steps of it themselves. What goes on may need other events than what ends here.
    if wanted.to < plan.stepCount {
      let blocking = tied.map { wanted.isBlocked(by: $0) }
      if let way = TiedAssignment(tied, to: wanted.steps, with: blocking) {
        keep(wanted, way, of: tied, at: time, isTainted: false, goesOn: true)
      }
    }
    var isTainted = true
    let tainting = tied.map { plan.removesExcluded && wanted.isTainted(by: $0) }
    if let way = TiedAssignment(tied, to: wanted.steps, with: tainting) {
      isTainted = false
      keep(wanted, way, of: tied, at: time, isTainted: false, goesOn: false)
    }
    // Or something interrupts before the exclusion, and is no step itself.
    for event in tied where plan.removesExcluded && wanted.isInterrupted(by: event) {
      let others = tied.filter { $0.ordinal != event.ordinal }
      guard let way = TiedAssignment(others, to: wanted.steps, with: others.map { _ in false })
      else { continue }
      isTainted = false
      keep(wanted, way, of: tied, at: time, isTainted: false, goesOn: false)
    }
    guard isTainted else { return }
    if let way = TiedAssignment(tied, to: wanted.steps, with: tied.map { _ in false }) {
      keep(wanted, way, of: tied, at: time, isTainted: true, goesOn: false)
    }
  }

  private func reachedIsHarmless(_ event: TiedEvent) -> Bool {
    event.exclusions & plan.exposed[reached] == 0
  }

  private mutating func keep(
    _ wanted: TiedSteps, _ way: TiedAssignment, of tied: [TiedEvent], at time: Int64,
    isTainted: Bool, goesOn: Bool
  ) {
    let events = way.events
    let isInterrupted = tied.contains { event in
      wanted.isInterrupted(by: event) && !events.contains { $0.ordinal == event.ordinal }
    }
    for optional in 0...(wanted.from == 0 ? 0 : optionalCount) {
      if wanted.from == 0 {
        table.begin(draft, at: time)
      } else {
        let source = chain(wanted.from, optional)
        guard isOpen(source, at: time) else { continue }
        table.copy(source, to: draft)
      }
      for event in events { table.add(event.step, to: draft, at: time, event.ordinal) }
      keepDraft(
        to: wanted.to, at: time, isTainted: isTainted, isInterrupted: isInterrupted,
        goesOn: goesOn)
    }
  }
}

extension TiedEvent {
  func fits(_ step: Int) -> Bool { steps & (1 << UInt32(step - 1)) != 0 }
}

/// The steps that a chain takes in one millisecond, and what may lie between them.
private struct TiedSteps {
  let steps: UInt32
  /// The step that the chain had come to before; 0 where it starts here.
  let from: Int
  let to: Int
  private let plan: FunnelPlan

  init(_ steps: UInt32, from: Int, to: Int, in plan: FunnelPlan) {
    self.steps = steps
    self.from = from
    self.to = to
    self.plan = plan
  }

  /// Whether an event that is no step of the chain ends it wherever it lies.
  func isBlocked(by event: TiedEvent) -> Bool {
    from != 0 && !liesWell(event, behind: from)
      && !(1...plan.stepCount).contains {
        steps & (1 << UInt32($0 - 1)) != 0 && liesWell(event, behind: $0)
      }
  }

  /// The same, where what is behind the last step matters only as far as it is an exclusion.
  func isTainted(by event: TiedEvent) -> Bool {
    isBlocked(by: event) && event.exclusions & plan.exposed[to] != 0
  }

  /// Whether an event that is no step of the chain may end it without being an exclusion.
  func isInterrupted(by event: TiedEvent) -> Bool {
    plan.order == .strict && !event.fits(to) && event.exclusions & plan.exposed[to] == 0
  }

  private func liesWell(_ event: TiedEvent, behind step: Int) -> Bool {
    event.exclusions & plan.exposed[step] == 0 && (plan.order != .strict || event.fits(step))
  }
}
