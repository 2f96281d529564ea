package import Query

/// An event as a funnel looks at it.
package struct ModelStep: Equatable, Sendable {
  package var time: Int64
  /// The steps that it fits, from 1.
  package var steps: Set<Int>
  /// The ways that it is an exclusion for: 1 is from the first step to the second.
  package var excluded: Set<Int>

  package init(_ time: Int64, _ steps: Set<Int>, excluded: Set<Int> = []) {
    self.time = time
    self.steps = steps
    self.excluded = excluded
  }
}

/// A way through a funnel: which event is which step.
package struct ModelChain: Equatable, Sendable {
  package var steps: [Int] = []
  /// The places of the events.
  package var events: [Int] = []
  package var times: [Int64] = []

  package var start: Int64 { times.min() ?? 0 }
  package var last: Int64 { times.max() ?? 0 }
  package var path: UInt32 { steps.reduce(0) { $0 | 1 << UInt32($1 - 1) } }
}

package struct ModelOutcome: Equatable, Sendable {
  package var reached = 0
  package var isRemoved = false
  package var chain = ModelChain()
}

/// Tries every chain that one subject's events make, ordered or not, and picks the one that counts.
package struct ModelChains {
  private let funnel: FunnelQuestion
  private let events: [ModelStep]
  private let stepCount: Int

  package init(_ funnel: FunnelQuestion, _ events: [ModelStep]) {
    self.funnel = funnel
    // Without an order an exclusion fills no step.
    self.events = events.map { event in
      var event = event
      if funnel.order == .unordered, !event.excluded.isEmpty { event.steps = [] }
      return event
    }
    stepCount = funnel.steps.count
  }

  package var outcome: ModelOutcome {
    let clean = all.filter { isClean($0, untilEndOf: .chain) }
    guard let reached = clean.map(reached).max() else { return ModelOutcome() }
    // Of the chains that come as far in the same millisecond, one counts.
    let furthest = clean.filter { self.reached($0) == reached }
    let counting = Set(furthest.map(\.last)).sorted().map { last in
      furthest.filter { $0.last == last }.reduce(nil) { best, chain in
        best.map { isPreferred(chain, to: $0) ? chain : $0 } ?? chain
      }!
    }
    let staying = counting.first { isClean($0, untilEndOf: .window) }
    guard funnel.exclusionEffect == .remove, staying == nil else {
      let first = funnel.exclusionEffect == .remove ? staying! : counting[0]
      return ModelOutcome(reached: reached, chain: first)
    }
    return ModelOutcome(reached: reached, isRemoved: true, chain: counting[0])
  }

  private func reached(_ chain: ModelChain) -> Int {
    funnel.order == .unordered ? chain.steps.count : chain.steps.last!
  }

  private func isPreferred(_ left: ModelChain, to right: ModelChain) -> Bool {
    if funnel.exclusionEffect == .remove {
      let leftIsClean = isClean(left, untilEndOf: .millisecond)
      if leftIsClean != isClean(right, untilEndOf: .millisecond) { return leftIsClean }
    }
    if left.steps.count != right.steps.count { return left.steps.count > right.steps.count }
    if left.start != right.start { return left.start > right.start }
    if funnel.order == .unordered {
      // Of events that do as many steps together, those that are as late as can be.
      let (leftTimes, rightTimes) = (left.times.sorted(), right.times.sorted())
      if leftTimes != rightTimes { return rightTimes.lexicographicallyPrecedes(leftTimes) }
    }
    if left.steps != right.steps { return left.steps.lexicographicallyPrecedes(right.steps) }
    if left.times != right.times { return left.times.lexicographicallyPrecedes(right.times) }
    return left.events.lexicographicallyPrecedes(right.events)
  }
}

// All chains, clean or not.
extension ModelChains {
  private var all: [ModelChain] {
    var found: [ModelChain] = []
    extend(ModelChain(), &found)
    return found
  }

  private func extend(_ chain: ModelChain, _ found: inout [ModelChain]) {
    if !chain.steps.isEmpty { found.append(chain) }
    let done = chain.steps.last ?? 0
    for step in (done + 1)..<(stepCount + 1) {
      for (place, event) in events.enumerated() where event.steps.contains(step) {
        var longer = chain
        longer.steps.append(step)
        longer.events.append(place)
        longer.times.append(event.time)
        if isAllowed(longer) { extend(longer, &found) }
      }
      if funnel.order != .unordered, !funnel.steps[step - 1].isOptional { return }
    }
  }

  private func isAllowed(_ chain: ModelChain) -> Bool {
    guard Set(chain.events).count == chain.events.count else { return false }
    guard chain.last - chain.start <= funnel.windowMilliseconds else { return false }
    if funnel.order == .unordered { return true }
    guard chain.times == chain.times.sorted() else { return false }
    let firstStart = events.first { $0.steps.contains(1) }?.time
    return funnel.reentry == .latest || chain.start == firstStart
  }
}

// What may lie between the events of a chain.
extension ModelChains {
  private enum End { case chain, millisecond, window }

  /// Whether each event that is no part of the chain has a place in time where it does no harm. The
  /// places are before the chain, behind each of its events and, last, behind all of it.
  private func isClean(_ chain: ModelChain, untilEndOf end: End) -> Bool {
    let times = chain.times.sorted()
    return events.indices.allSatisfy { place in
      let event = events[place]
      if chain.events.contains(place) || event.time <= times[0] { return true }
      return times.indices.contains { behind in
        guard times[behind] <= event.time else { return false }
        let isLast = behind == times.count - 1
        guard isLast || event.time <= times[behind + 1] else { return false }
        if isLast {
          if end == .chain || reached(chain) == stepCount { return true }
          if event.time - chain.start > funnel.windowMilliseconds { return true }
          if end == .millisecond && event.time > chain.last { return true }
          return event.excluded.isDisjoint(with: exposed(chain, behind))
            || isInterrupted(chain, before: place)
        }
        if funnel.order == .strict, !event.steps.contains(chain.steps[behind]) { return false }
        return event.excluded.isDisjoint(with: exposed(chain, behind))
      }
    }
  }

  /// Whether something ended a strict chain before this event could.
  private func isInterrupted(_ chain: ModelChain, before place: Int) -> Bool {
    funnel.order == .strict
      && events.indices.contains { other in
        other != place && !chain.events.contains(other)
          && (chain.last...events[place].time).contains(events[other].time)
          && !events[other].steps.contains(chain.steps.last!)
          && events[other].excluded.isDisjoint(with: exposed(chain, chain.steps.count - 1))
      }
  }

  /// The ways that a chain is on, behind one of its events.
  private func exposed(_ chain: ModelChain, _ behind: Int) -> Set<Int> {
    if funnel.order == .unordered { return Set(1..<max(stepCount, 2)) }
    let step = chain.steps[behind]
    var ways: Set<Int> = []
    for next in (step + 1)..<max(stepCount + 1, step + 2) where next <= stepCount {
      ways.insert(next - 1)
      if !funnel.steps[next - 1].isOptional { break }
    }
    return ways
  }
}
