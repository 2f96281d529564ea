/// How many people do one thing after another, in time: how far each comes, and how long it takes.
///
/// A *chain* is one event for each step, no event for two, none later than `window` after the first,
/// and each no earlier than the one before it. What happened in the same millisecond counts in the
/// order that is best for the person. Optional steps may be missing from a chain.
package struct FunnelQuestion: Question {
  package static let maximumSteps = 32
  package static let maximumOptionalSteps = 10
  package static let maximumExclusions = 10
  package static let maximumBins = 100
  package static let defaultWindow: Int64 = 14 * 24 * 3_600_000

  package struct Step: Equatable, Sendable {
    package var selector: EventSelector
    package var isOptional: Bool

    package init(_ selector: EventSelector, isOptional: Bool = false) {
      self.selector = selector
      self.isOptional = isOptional
    }
  }

  /// What must not happen on the way from one step to another.
  package struct Exclusion: Equatable, Sendable {
    package var selector: EventSelector
    /// The steps between which it counts, from 1; nil is the whole funnel. From step 2 to 4 means on
    /// the way from 2 to 3 and from 3 to 4.
    package var steps: ClosedRange<Int>?

    package init(_ selector: EventSelector, between steps: ClosedRange<Int>? = nil) {
      self.selector = selector
      self.steps = steps
    }
  }

  package enum StepOrder: String, CaseIterable, Sendable {
    /// In the order of the steps; other events may come between.
    case ordered
    /// The same, and nothing comes between but repetitions of the step that was done last.
    case strict
    /// In any order: step n is reached by having done n of them. Of several events that do, those
    /// that are as late as can be count, so the times between them are the shortest there are.
    case unordered
  }

  /// What an exclusion does to someone whom every chain of greatest length meets it.
  package enum ExclusionEffect: String, CaseIterable, Sendable {
    /// Takes the person out of all steps.
    case remove
    /// Ends the chain there; the steps before it count.
    case stop
  }

  package enum Reentry: String, CaseIterable, Sendable {
    /// Every event of the first step may start a chain, and the latest start is the one that counts.
    case latest
    /// Only the first such event starts one.
    case first
  }

  package enum Subject: Equatable, Sendable {
    case person
    /// Each session by itself: a chain does not go from one into the next.
    case session(SessionRules)
  }

  package var scope: Scope
  package var steps: [Step]
  package var order: StepOrder = .ordered
  package var windowMilliseconds: Int64 = defaultWindow
  package var exclusions: [Exclusion] = []
  package var exclusionEffect: ExclusionEffect = .remove
  package var reentry: Reentry = .latest
  package var subject: Subject = .person
  /// All events of a chain have the same value here, and have one.
  package var held: PropertyPath?
  package var breakdown: AttributedBreakdown?
  /// Cuts the answer by when chains started.
  package var interval: Interval = .total
  /// How many bars the histogram of the time to convert has at most.
  package var bins = 20

  package init(_ scope: Scope, steps: [Step]) {
    self.scope = scope
    self.steps = steps
  }
}

/// A breakdown of subjects that have many events, and which of these says the value.
package struct AttributedBreakdown: Equatable, Sendable {
  package enum Attribution: Equatable, Sendable {
    /// The subject's first event in range that fits any step and has a value.
    case firstTouch
    /// The last of these.
    case lastTouch
    /// All events of the chain have the value, as if it were held; a subject counts once, with its
    /// best such chain.
    case allSteps
    /// The event that fills this step of the best chain, from 1; none for who does not come so far.
    case step(Int)
    /// Each pair of a subject and a value is a subject of its own.
    case eachValue
  }

  package var breakdown: Breakdown
  package var attribution: Attribution

  package init(_ breakdown: Breakdown, by attribution: Attribution = .firstTouch) {
    self.breakdown = breakdown
    self.attribution = attribution
  }
}

extension FunnelQuestion {
  package func check() throws(QueryError) {
    if let problem { throw .invalid(problem) }
    try breakdown?.breakdown.checkIsOfEvents()
    _ = try scope.starts(by: interval)
  }

  private var problem: QuestionProblem? {
    guard (1...Self.maximumSteps).contains(steps.count) else {
      return .outOfBounds("steps of a funnel", 1...Self.maximumSteps)
    }
    guard windowMilliseconds > 0 else {
      return .contradiction("a funnel's window has to be longer than nothing")
    }
    guard exclusions.count <= Self.maximumExclusions else {
      return .tooMany("exclusions", limit: Self.maximumExclusions)
    }
    guard (1...Self.maximumBins).contains(bins) else {
      return .outOfBounds("bars of a histogram", 1...Self.maximumBins)
    }
    if case .session(let rules) = subject, let problem = rules.problem { return problem }
    return problemOfOptionalSteps ?? problemOfExclusions ?? problemOfBreakdown
  }

  private var problemOfOptionalSteps: QuestionProblem? {
    guard steps.contains(where: \.isOptional) else { return nil }
    guard !steps[0].isOptional else {
      return .contradiction("the first step starts the funnel and cannot be optional")
    }
    guard order != .unordered else {
      return .contradiction("without an order no step of a funnel is optional")
    }
    guard steps.count(where: \.isOptional) <= Self.maximumOptionalSteps else {
      return .tooMany("optional steps", limit: Self.maximumOptionalSteps)
    }
    return nil
  }

  private var problemOfExclusions: QuestionProblem? {
    for case let between? in exclusions.map(\.steps) {
      guard between.lowerBound >= 1, between.upperBound <= steps.count, between.count > 1 else {
        return .outOfBounds("steps that an exclusion lies between", 1...max(2, steps.count))
      }
      guard order != .unordered || between == 1...steps.count else {
        return .contradiction("without an order an exclusion lies between all steps")
      }
    }
    return nil
  }

  private var problemOfBreakdown: QuestionProblem? {
    guard case .step(let step) = breakdown?.attribution else { return nil }
    guard (1...steps.count).contains(step) else {
      return .outOfBounds("the step that a breakdown is by", 1...steps.count)
    }
    return nil
  }

  /// As many bits as there are ways from one step to the next; bit 0 is from the first to the second.
  package func transitions(of exclusion: Exclusion) -> UInt32 {
    let between = exclusion.steps ?? 1...steps.count
    return (between.lowerBound..<between.upperBound).reduce(0) { $0 | 1 << UInt32($1 - 1) }
  }

  package var rules: [Rule] {
    var rules: [Rule] = [
      .person,
      Rule("order", order.rawValue),
      Rule("window", "\(windowMilliseconds) ms from the first step, inclusive"),
      Rule("reentry", reentry == .latest ? "the latest start" : "the first start"),
      Rule("ties", "one millisecond, in the order that is best for the person"),
      Rule("step", "no event fills two steps; all events are inside the range"),
    ]
    if !exclusions.isEmpty { rules.append(Rule("exclusion", exclusionEffect.rawValue)) }
    if case .session(let session) = subject { rules.append(Rule("session", session.text)) }
    if let held { rules.append(Rule("held", held.description)) }
    if let breakdown { rules.append(Rule("attribution", breakdown.attribution.text)) }
    return rules
  }
}

extension AttributedBreakdown.Attribution {
  var text: String {
    switch self {
    case .firstTouch: "first touch"
    case .lastTouch: "last touch"
    case .allSteps: "all steps"
    case .step(let step): "step \(step)"
    case .eachValue: "each pair of subject and value"
    }
  }
}
