import Query

// A chain is a row of words: the times of its steps from the first to the last one, then as many
// ordinals. Row k - 1 is the chain that ends in step k, the last row the best of all.

/// The funnel that is asked for most: ordered, every step needed, nothing excluded, and no event fits
/// two steps. Then for each step one chain says everything, that which started last, for it can do
/// whatever one that began earlier can; of equal starts the first to come is kept.
@safe package struct PlainFunnelMatcher: ~Copyable {
  private let rows: UnsafeMutablePointer<Int64>
  /// By step, when it was last seen, and the ordinal of the first event of that millisecond.
  private let seen: UnsafeMutablePointer<Int64>
  private let stepCount: Int
  private let window: Int64
  /// The latest first step.
  private var start = Self.never
  private var startOrdinal = 0
  /// Of the last event of another step: one of the first step may still have come before it.
  private var lastTime = Self.never
  package private(set) var reached = 0
  private var reachedAt: Int64 = 0

  /// Far enough in the past to be out of every window.
  private static var never: Int64 { .min / 2 }

  package init(_ plan: FunnelPlan) {
    precondition(plan.isPlain, "this funnel needs the general matcher")
    stepCount = plan.stepCount
    window = min(plan.window, .max / 4)
    let words = 2 * stepCount * (stepCount + 1)
    unsafe rows = .allocate(capacity: words + 2 * stepCount)
    unsafe rows.initialize(repeating: 0, count: words + 2 * stepCount)
    unsafe seen = rows + words
  }

  deinit { unsafe rows.deallocate() }

  // SAFETY, for all below: steps are 1...stepCount, and there is a row for each and one more.
  @inline(__always)
  private func row(_ step: Int) -> UnsafeMutablePointer<Int64> {
    unsafe rows + (step &- 1) &* 2 &* stepCount
  }
  private var best: UnsafeMutablePointer<Int64> { unsafe rows + 2 &* stepCount &* stepCount }

  /// Forgets the subject before.
  @inline(__always)
  package mutating func begin() {
    var step = 0
    while step < stepCount {
      unsafe rows[step &* 2 &* stepCount] = Self.never
      unsafe seen[step] = Self.never
      step &+= 1
    }
    start = Self.never
    lastTime = Self.never
    reached = 0
  }

  /// The subject's next event: the step that it fits as a bit, bit 0 the first.
  @inline(__always)
  package mutating func add(time: Int64, steps: UInt32, exclusions: UInt32 = 0, ordinal: Int) {
    if steps == 0 { return }
    if steps == 1 && time != lastTime && reached > 0 {
      if time != start { startOrdinal = ordinal }
      start = time
    } else {
      step(steps.trailingZeroBitCount &+ 1, at: time, ordinal, of: stepCount)
    }
  }

  /// The same for rows of a block, of which only the first `depth` steps can come, two at least. True
  /// once nothing that follows can matter. First steps are many and are not looked at as they come:
  /// where a second one comes, the last of them is near.
  @inline(__always)
  mutating func scan(
    _ times: UnsafePointer<Int64>, _ marks: UnsafePointer<UInt64>, count: Int, depth: Int
  ) -> Bool {
    // SAFETY, for all of it: the caller lends `count` of both.
    let bits: UInt64 = 1 << UInt64(depth) &- 1
    let rare = bits & ~1
    var row = unsafe group(times, marks, from: 0, count, at: lastTime, bits)
    var looked = row
    while true {
      while row &+ 4 <= count,
        unsafe (marks[row] | marks[row &+ 1] | marks[row &+ 2] | marks[row &+ 3]) & rare == 0
      {
        row &+= 4
      }
      while row < count, unsafe marks[row] & rare == 0 { row &+= 1 }
      // Whatever comes next, a second step may be in its millisecond.
      var back = row &- 1
      while back >= looked {
        if unsafe marks[back] & 1 != 0 {
          start = max(start, unsafe times[back])
          break
        }
        back &-= 1
      }
      looked = row
      if row >= count { return false }
      if reached == depth, unsafe times[row] != reachedAt { return true }
      row = unsafe group(times, marks, from: row, count, at: times[row], bits)
      if reached == depth && row < count { return true }
    }
  }

  /// Takes the rows of one millisecond, first steps among them; says where the next one begins.
  @inline(__always)
  private mutating func group(
    _ times: UnsafePointer<Int64>, _ marks: UnsafePointer<UInt64>, from first: Int, _ count: Int,
    at time: Int64, _ bits: UInt64
  ) -> Int {
    var row = first
    while row < count, unsafe times[row] == time {
      let mark = unsafe marks[row] & bits
      if mark != 0 {
        step(mark.trailingZeroBitCount &+ 1, at: time, 0, of: 64 &- bits.leadingZeroBitCount)
      }
      row &+= 1
    }
    return row
  }

  private mutating func step(_ first: Int, at time: Int64, _ ordinal: Int, of depth: Int) {
    if first == 1 {
      if time != start { startOrdinal = ordinal }
      start = time
      if reached == 0 { take(1, at: time) }
    } else {
      lastTime = time
    }
    if unsafe seen[first &- 1] != time {
      unsafe seen[first &- 1] = time
      unsafe seen[stepCount &+ first &- 1] = Int64(ordinal)
    }
    var step = first
    // A later step of the same millisecond came before this one: it goes on from here.
    while true {
      if step > 1 {
        guard extend(to: step, at: time) else { return }
      }
      step &+= 1
      guard step <= depth else { return }
      guard unsafe seen[step &- 1] == time else { return }
    }
  }

  /// Lets the chain to the step before go on to this one, and says whether there is one to go on from.
  private mutating func extend(to step: Int, at time: Int64) -> Bool {
    let source = step == 2 ? start : unsafe row(step &- 1)[0]
    guard UInt64(bitPattern: time &- source) <= UInt64(bitPattern: window) else { return false }
    let target = unsafe row(step)
    guard unsafe target[0] != source else { return true }
    if step == 2 {
      unsafe target[0] = start
      unsafe target[stepCount] = Int64(startOrdinal)
    } else {
      let before = unsafe row(step &- 1)
      var place = 0
      while place < step &- 1 {
        unsafe target[place] = before[place]
        unsafe target[stepCount &+ place] = before[stepCount &+ place]
        place &+= 1
      }
    }
    unsafe target[step &- 1] = time
    unsafe target[stepCount &+ step &- 1] = seen[stepCount &+ step &- 1]
    if step > reached || (step == reached && time == reachedAt) { take(step, at: time) }
    return true
  }

  /// Takes the chain to a step for the best.
  private mutating func take(_ step: Int, at time: Int64) {
    reached = step
    reachedAt = time
    let best = unsafe best
    if step == 1 {
      unsafe best[0] = start
      unsafe best[stepCount] = Int64(startOrdinal)
      return
    }
    let source = unsafe row(step)
    var place = 0
    while place < step {
      unsafe best[place] = source[place]
      unsafe best[stepCount &+ place] = source[stepCount &+ place]
      place &+= 1
    }
  }

  /// Whoever scanned and found nothing but first steps has come to that one, at no known time.
  package mutating func finish() -> FunnelOutcome {
    if reached == 0 && start != Self.never { take(1, at: start) }
    var outcome = FunnelOutcome()
    guard reached > 0 else { return outcome }
    outcome.reached = reached
    outcome.path = UInt32(truncatingIfNeeded: (1 as UInt64) << UInt64(reached) &- 1)
    outcome.start = unsafe best[0]
    outcome.last = reachedAt
    return outcome
  }

  /// Of the best chain's event for a step in its path, after `finish`.
  @inline(__always)
  package func time(ofStep step: Int) -> Int64 { unsafe best[step &- 1] }
  package func ordinal(ofStep step: Int) -> Int { unsafe Int(best[stepCount &+ step &- 1]) }
}
