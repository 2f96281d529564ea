// A chain is a row of words:
//
//   start           the time of its first event
//   path            the steps that it has, bit 0 the first; 0 where there is no chain
//   times[n]        of the event of each step, from the first; what the path lacks says nothing
//   ordinals[n]     of the same events

/// Rows of memory for chains of events, made once and used for one subject after the other.
@safe struct ChainTable: ~Copyable {
  private let words: UnsafeMutablePointer<Int64>
  private let stepCount: Int
  private let stride: Int
  let count: Int

  init(_ count: Int, stepCount: Int) {
    self.count = count
    self.stepCount = stepCount
    stride = 2 + 2 * stepCount
    unsafe words = .allocate(capacity: count * stride)
    unsafe words.initialize(repeating: 0, count: count * stride)
  }

  deinit { unsafe words.deallocate() }

  // SAFETY, for all below: callers name chains under `count` and steps in 1...stepCount, and both are
  // checked where tests run.
  @inline(__always)
  private func row(_ chain: Int) -> UnsafeMutablePointer<Int64> {
    assert(chain >= 0 && chain < count)
    return unsafe words + chain &* stride
  }

  @inline(__always) func start(_ chain: Int) -> Int64 { unsafe row(chain)[0] }
  @inline(__always) func path(_ chain: Int) -> UInt32 {
    unsafe UInt32(truncatingIfNeeded: row(chain)[1])
  }
  @inline(__always) func exists(_ chain: Int) -> Bool { path(chain) != 0 }
  @inline(__always) func remove(_ chain: Int) { unsafe row(chain)[1] = 0 }

  @inline(__always) func time(_ step: Int, of chain: Int) -> Int64 {
    assert(step >= 1 && step <= stepCount)
    return unsafe row(chain)[1 &+ step]
  }
  @inline(__always) func ordinal(_ step: Int, of chain: Int) -> Int64 {
    assert(step >= 1 && step <= stepCount)
    return unsafe row(chain)[1 &+ stepCount &+ step]
  }

  func removeAll() {
    for chain in 0..<count { remove(chain) }
  }

  func copy(_ source: Int, to target: Int) {
    unsafe row(target).update(from: row(source), count: stride)
  }

  /// A chain of no steps yet, that starts now.
  func begin(_ chain: Int, at time: Int64) {
    unsafe row(chain)[0] = time
    unsafe row(chain)[1] = 0
  }

  func add(_ step: Int, to chain: Int, at time: Int64, _ ordinal: Int64) {
    assert(step >= 1 && step <= stepCount)
    let row = unsafe row(chain)
    unsafe row[1] |= 1 << Int64(step - 1)
    unsafe row[1 &+ step] = time
    unsafe row[1 &+ stepCount &+ step] = ordinal
  }

  /// Which of two chains to the same step is kept: that with more steps, that which started later, that
  /// with the earlier steps, that whose events came earlier, from the first on.
  func prefers(_ left: Int, to right: Int) -> Bool {
    let (leftPath, rightPath) = (path(left), path(right))
    if leftPath.nonzeroBitCount != rightPath.nonzeroBitCount {
      return leftPath.nonzeroBitCount > rightPath.nonzeroBitCount
    }
    if start(left) != start(right) { return start(left) > start(right) }
    let difference = leftPath ^ rightPath
    if difference != 0 { return leftPath & (1 << difference.trailingZeroBitCount) != 0 }
    return comesEarlier(left, right, timeOf: leftPath)
  }

  private func comesEarlier(_ left: Int, _ right: Int, timeOf path: UInt32) -> Bool {
    var step = 1
    while step <= stepCount {
      if path & (1 << UInt32(step - 1)) != 0 {
        let (leftTime, rightTime) = (time(step, of: left), time(step, of: right))
        if leftTime != rightTime { return leftTime < rightTime }
      }
      step &+= 1
    }
    step = 1
    while step <= stepCount {
      if path & (1 << UInt32(step - 1)) != 0 {
        let (leftPlace, rightPlace) = (ordinal(step, of: left), ordinal(step, of: right))
        if leftPlace != rightPlace { return leftPlace < rightPlace }
      }
      step &+= 1
    }
    return false
  }
}
