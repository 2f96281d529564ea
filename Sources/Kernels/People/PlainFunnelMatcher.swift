/// The funnel that is asked for most: ordered, every step needed, nothing excluded, and no event fits
/// two steps. Then the latest start of a chain to each step says everything, for a chain that began
/// later can do whatever one that began earlier can. (That a chain passes through every step in turn
/// makes its starts never fall from one event to the next.)
@safe package struct PlainFunnelMatcher: ~Copyable {
  /// For each step, from 1, the latest start of a chain that ends there, and when the step was last
  /// seen. Far enough in the past to be out of every window where there is none.
  private let starts: UnsafeMutablePointer<Int64>
  private let seen: UnsafeMutablePointer<Int64>
  private let stepCount: Int
  private let window: Int64
  private static var never: Int64 { .min / 2 }

  package init(_ plan: FunnelPlan) {
    precondition(plan.isPlain, "this funnel needs the general matcher")
    stepCount = plan.stepCount
    window = min(plan.window, .max / 4)
    unsafe starts = .allocate(capacity: 2 * (stepCount + 1))
    unsafe seen = starts + stepCount + 1
  }

  deinit { unsafe starts.deallocate() }

  /// How far one subject comes. `steps` has one code for each event in the order of time: the step
  /// that it fits, from 1, or 0 for none. Times are milliseconds since 1970, or since any later start.
  package func reached(_ times: Span<Int64>, _ steps: Span<UInt8>) -> Int {
    // SAFETY: both are read up to their common count only, while the spans live.
    unsafe times.withUnsafeBufferPointer { times in
      unsafe steps.withUnsafeBufferPointer { codes in
        guard let first = times.baseAddress, let code = codes.baseAddress else { return 0 }
        return unsafe reached(first, code, count: min(times.count, codes.count))
      }
    }
  }

  /// The same over pointers, for loops that have them.
  @inline(__always)
  package func reached(
    _ times: UnsafePointer<Int64>, _ steps: UnsafePointer<UInt8>, count: Int
  ) -> Int {
    var index = 0
    while index < stepCount &+ 1 {
      unsafe starts[index] = Self.never  // SAFETY: allocated for stepCount + 1 of each.
      unsafe seen[index] = Self.never
      index &+= 1
    }
    var reached = 0
    var row = 0
    while row < count {
      let step = unsafe Int(steps[row])  // SAFETY: the caller lends `count` of both.
      if step != 0 && step <= stepCount {
        unsafe advance(to: step, at: times[row], &reached)
        if reached == stepCount { return reached }
      }
      row &+= 1
    }
    return reached
  }

  @inline(__always)
  private func advance(to first: Int, at time: Int64, _ reached: inout Int) {
    unsafe seen[first] = time
    var step = first
    // A later step of the same millisecond came before this one: it goes on from here.
    while true {
      // SAFETY: `step` is 1...stepCount here, and the tables have one place more.
      var start = time
      if step != 1 { start = unsafe starts[step &- 1] }
      guard time &- start <= window else { return }
      unsafe starts[step] = start
      reached = max(reached, step)
      step &+= 1
      guard step <= stepCount else { return }
      guard unsafe seen[step] == time else { return }
    }
  }
}
