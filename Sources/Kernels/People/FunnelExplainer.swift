package import Query

/// Says what one subject did in a funnel and what kept it from going on. A second look at the same
/// events, for a reader and not for counting.
package struct FunnelExplainer {
  package struct Event: Sendable {
    package var time: Int64
    package var steps: UInt32
    package var exclusions: UInt32

    package init(time: Int64, steps: UInt32, exclusions: UInt32 = 0) {
      self.time = time
      self.steps = steps
      self.exclusions = exclusions
    }
  }

  private let plan: FunnelPlan
  private let events: [Event]
  private var outcome = FunnelOutcome()
  private var matches: [FunnelExplanation.Match] = []

  /// `events` are all of the subject's in the order of time; the explanation names them by their places.
  package static func explain(_ plan: FunnelPlan, _ events: [Event]) -> FunnelExplanation {
    explained(plan, events).0
  }

  static func explained(
    _ plan: FunnelPlan, _ events: [Event]
  ) -> (FunnelExplanation, FunnelOutcome) {
    let explainer = FunnelExplainer(plan, events)
    return (
      FunnelExplanation(matches: explainer.matches, end: explainer.end), explainer.outcome
    )
  }

  private init(_ plan: FunnelPlan, _ events: [Event]) {
    self.plan = plan
    self.events = events
    if plan.order == .unordered {
      match(by: UnorderedFunnelMatcher(plan))
      matches.sort { ($0.time, $0.ordinal) < ($1.time, $1.ordinal) }
    } else {
      match(by: FunnelMatcher(plan))
    }
  }

  private mutating func match<Matcher: ExplainedMatcher & ~Copyable>(by matcher: consuming Matcher)
  {
    var matcher = matcher
    for (place, event) in events.enumerated() {
      matcher.add(
        time: event.time, steps: event.steps, exclusions: event.exclusions, ordinal: place)
    }
    outcome = matcher.finish()
    for step in stepsOfPath {
      matches.append(
        .init(step: step, time: matcher.time(ofStep: step), ordinal: matcher.ordinal(ofStep: step)))
    }
  }

  private var stepsOfPath: [Int] {
    (1...32).filter { outcome.path & (1 << UInt32($0 - 1)) != 0 }
  }

  private var end: FunnelExplanation.End {
    if outcome.reached == 0 { return .neverStarted }
    if outcome.reached == plan.stepCount { return .converted }
    for (place, event) in events.enumerated() where event.time >= outcome.last {
      if matches.contains(where: { $0.ordinal == place }) { continue }
      if let end = self.end(by: event, at: place) { return end }
    }
    return .nothingFollowed
  }

  /// What an event behind the chain does to it; nil where that is nothing.
  private func end(by event: Event, at place: Int) -> FunnelExplanation.End? {
    let isOpen = plan.holds(event.time, since: outcome.start)
    // What is of the last step's own millisecond may have come before it.
    let isBehind = event.time > outcome.last
    if isOpen, event.exclusions & exposed != 0, isBehind || outcome.isRemoved {
      return .excluded(ordinal: place, removed: outcome.isRemoved)
    }
    if plan.order == .strict, isBehind, event.steps & (1 << UInt32(outcome.reached - 1)) == 0 {
      return .interrupted(ordinal: place)
    }
    if !isOpen, event.steps & wanted != 0 {
      let late =
        UInt64(bitPattern: event.time &- outcome.start) - UInt64(bitPattern: plan.window)
      return .tooLate(
        ordinal: place, milliseconds: late > Int64.max ? .max : Int64(late))
    }
    return nil
  }

  private var exposed: UInt32 {
    plan.order == .unordered ? .max : plan.exposed[outcome.reached]
  }

  /// The steps that would have gone on: one behind each way that the chain may be on.
  private var wanted: UInt32 {
    plan.order == .unordered ? ~outcome.path : plan.exposed[outcome.reached] << 1
  }
}

/// What both matchers have for an explanation.
private protocol ExplainedMatcher: ~Copyable {
  mutating func add(time: Int64, steps: UInt32, exclusions: UInt32, ordinal: Int)
  mutating func finish() -> FunnelOutcome
  func time(ofStep step: Int) -> Int64
  func ordinal(ofStep step: Int) -> Int
}

extension FunnelMatcher: ExplainedMatcher {}
extension UnorderedFunnelMatcher: ExplainedMatcher {}
