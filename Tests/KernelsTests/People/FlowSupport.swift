import Calendar
import Events
import JSON
import Kernels
import Platform
import Query
import QueryModel

func flowGenerator(_ seed: UInt64) -> RandomGenerator { RandomGenerator(SeededRandom(seed: seed)) }

let flowMinute: Int64 = 60_000
let flowHour: Int64 = 60 * flowMinute
let flowDay: Int64 = 24 * flowHour

/// A history told person by person.
struct FlowStory {
  var history = ModelHistory()
  private var count: UInt64 = 0

  mutating func add(
    _ name: String, at time: Int64, by person: String, kind: EventKind = .custom,
    isInteractive: Bool? = nil, session: String? = nil, _ props: JSONValue = [:]
  ) {
    count += 1
    history.arrived.append(
      ModelEvent(
        id: EventID(milliseconds: time, chance: (0, count)), name: name, kind: kind,
        isInteractive: isInteractive, cts: time, profile: person, session: session, props: props))
  }

  /// Events in a row, one every `gap`: "u p x" are three.
  mutating func add(_ names: String, by person: String, from time: Int64 = 0, every gap: Int64) {
    for (index, name) in names.split(separator: " ").enumerated() {
      add(String(name), at: time + Int64(index) * gap, by: person)
    }
  }
}

let flowAlways = Instant(milliseconds: 0)..<Instant(milliseconds: 1 << 47)

/// A funnel over everything, with one event name for each step. An `?` behind it makes it optional.
func flowFunnel(_ names: String, window: Int64 = FunnelQuestion.defaultWindow) -> FunnelQuestion {
  var funnel = FunnelQuestion(
    Scope(flowAlways),
    steps: names.split(separator: " ").map { name in
      let isOptional = name.hasSuffix("?")
      return FunnelQuestion.Step(
        EventSelector(String(isOptional ? name.dropLast() : name)), isOptional: isOptional)
    })
  funnel.windowMilliseconds = window
  return funnel
}

extension FunnelQuestion {
  func excluding(
    _ name: String, between steps: ClosedRange<Int>? = nil, _ effect: ExclusionEffect = .remove
  ) -> FunnelQuestion {
    var funnel = self
    funnel.exclusions.append(Exclusion(EventSelector(name), between: steps))
    funnel.exclusionEffect = effect
    return funnel
  }

  func with(_ change: (inout FunnelQuestion) -> Void) -> FunnelQuestion {
    var funnel = self
    change(&funnel)
    return funnel
  }
}

/// What comes out of a matcher, to be compared with the model's outcome.
struct MatchedChain: Equatable {
  var reached = 0
  var isRemoved = false
  var path: UInt32 = 0
  var start: Int64 = 0
  var last: Int64 = 0
  /// By step, of the steps in the path.
  var times: [Int64] = []
  var ordinals: [Int] = []
}

extension MatchedChain {
  init(_ outcome: ModelOutcome) {
    let chain = outcome.chain
    reached = outcome.reached
    isRemoved = outcome.isRemoved
    path = chain.path
    start = chain.start
    last = chain.last
    times = chain.times
    ordinals = chain.events
  }
}

extension MatchedChain {
  /// Of who is removed it is only told how far they came.
  var told: MatchedChain {
    guard isRemoved else { return self }
    var told = MatchedChain()
    told.reached = reached
    told.isRemoved = true
    return told
  }
}

/// One funnel's matcher over one subject after another.
func matchedChains(_ funnel: FunnelQuestion, _ subjects: [[ModelStep]]) -> [MatchedChain] {
  let plan = FunnelPlan(funnel)
  if funnel.order == .unordered {
    var matcher = UnorderedFunnelMatcher(plan)
    return subjects.map { events in
      matcher.begin()
      for (place, event) in events.enumerated() {
        matcher.add(
          time: event.time, steps: event.stepBits, exclusions: event.excludedBits, ordinal: place)
      }
      let outcome = matcher.finish()
      var chain = MatchedChain()
      chain.reached = outcome.reached
      chain.isRemoved = outcome.isRemoved
      chain.start = outcome.start
      chain.last = outcome.last
      return chain
    }
  }
  var matcher = FunnelMatcher(plan)
  var chains: [MatchedChain] = []
  for events in subjects {
    matcher.begin()
    for (place, event) in events.enumerated() {
      matcher.add(
        time: event.time, steps: event.stepBits, exclusions: event.excludedBits, ordinal: place)
    }
    let outcome = matcher.finish()
    var chain = MatchedChain()
    chain.reached = outcome.reached
    chain.isRemoved = outcome.isRemoved
    chain.path = outcome.path
    chain.start = outcome.start
    chain.last = outcome.last
    for step in 1...32 where outcome.path & (1 << UInt32(step - 1)) != 0 {
      chain.times.append(matcher.time(ofStep: step))
      chain.ordinals.append(matcher.ordinal(ofStep: step))
    }
    chains.append(chain)
  }
  return chains
}

func modelChains(_ funnel: FunnelQuestion, _ subjects: [[ModelStep]]) -> [MatchedChain] {
  subjects.map { events in
    var chain = MatchedChain(ModelChains(funnel, events).outcome)
    if funnel.order == .unordered {
      chain.path = 0
      chain.times = []
      chain.ordinals = []
    }
    return chain
  }
}

extension ModelStep {
  var stepBits: UInt32 { steps.reduce(0) { $0 | 1 << UInt32($1 - 1) } }
  var excludedBits: UInt32 { excluded.reduce(0) { $0 | 1 << UInt32($1 - 1) } }
}
