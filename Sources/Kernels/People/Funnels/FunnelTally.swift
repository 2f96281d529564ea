import Query

/// How many came how far, and how long it took them: a row of a funnel's answer in the making.
struct FunnelTally: Sendable {
  var reached: [Int]
  var removed = 0
  var converted: [Int64] = []
  /// By step, behind the ones before it; as many as did both.
  var times: [[Int64]]

  init(stepCount: Int) {
    reached = Array(repeating: 0, count: stepCount)
    times = Array(repeating: [], count: stepCount)
  }

  mutating func add(_ other: FunnelTally) {
    for step in reached.indices {
      reached[step] += other.reached[step]
      times[step] += other.times[step]
    }
    removed += other.removed
    converted += other.converted
  }

  /// Counts people who came to the first step and no further, at whatever time.
  mutating func addFirsts(_ count: Int) {
    reached[0] += count
    // Who is at the first of one step has taken no time.
    if reached.count == 1 { converted += repeatElement(0, count: count) }
  }

  var byteCount: Int { 8 * (converted.count + times.reduce(reached.count) { $0 + $1.count }) }

  func row(_ group: Group, bins: Int) -> FunnelQuestion.Content.Row {
    FunnelQuestion.Content.Row(
      group, reached: reached, removed: removed,
      timeToConvert: TimeToConvert(of: converted, bins: bins),
      times: times.map { TimeToConvert(of: $0, bins: bins) })
  }
}

/// Which step each step's time is counted from: the one before it that is not optional.
struct FunnelSteps: Sendable {
  /// From 1; 0 where no time is counted.
  let before: [Int]
  let count: Int
  let isUnordered: Bool

  init(_ funnel: FunnelQuestion) {
    count = funnel.steps.count
    isUnordered = funnel.order == .unordered
    before = funnel.steps.indices.map { step in
      if step == 0 || funnel.steps[step].isOptional { return 0 }
      return (0..<step).last { !funnel.steps[$0].isOptional }.map { $0 + 1 } ?? 0
    }
  }
}

extension FunnelTally {
  /// Counts one subject's outcome; `time` says when it did a step of its path.
  mutating func add(_ outcome: FunnelOutcome, _ steps: FunnelSteps, time: (Int) -> Int64) {
    if outcome.isRemoved {
      removed += 1
      return
    }
    guard outcome.reached > 0 else { return }
    if outcome.reached == steps.count { converted.append(outcome.last - outcome.start) }
    if steps.isUnordered { return addUnordered(outcome, time) }
    var path = outcome.path
    while path != 0 {
      let step = path.trailingZeroBitCount
      path &= path &- 1
      reached[step] += 1
      let before = steps.before[step]
      if before > 0, outcome.path & (1 << UInt32(before - 1)) != 0 {
        times[step].append(time(step + 1) - time(before))
      }
    }
  }

  private mutating func addUnordered(_ outcome: FunnelOutcome, _ time: (Int) -> Int64) {
    let done = (1...reached.count).filter { outcome.path & (1 << UInt32($0 - 1)) != 0 }.map(time)
      .sorted()
    for step in 0..<outcome.reached {
      reached[step] += 1
      if step > 0, step < done.count { times[step].append(done[step] - done[step - 1]) }
    }
  }
}
