/// The values of a block that an encoder still gathers.
struct PendingBlock<Value: Sendable>: Sendable {
  private(set) var values: [Value] = []

  init() { values.reserveCapacity(Lanes.blockCount) }

  /// Takes values from `next` on, as many as fit, and steps over them. True when the block is full.
  @inline(__always)
  mutating func fill(from source: Span<Value>, at next: inout Int) -> Bool {
    let end = min(source.count, next + Lanes.blockCount - values.count)
    while next < end {
      values.append(source[next])
      next &+= 1
    }
    return values.count == Lanes.blockCount
  }

  mutating func removeAll() { values.removeAll(keepingCapacity: true) }
}
