/// Doubles as integers of the same order.
enum OrderedKey {
  @inline(__always)
  static func key(of number: Double) -> Int64 {
    let bits = Int64(bitPattern: number.bitPattern)
    return bits ^ ((bits >> 63) & .max)
  }

  @inline(__always)
  static func number(of key: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: key ^ ((key >> 63) & .max)))
  }
}

/// Keys of which some places in their order are asked for: counted in as many buckets, so that only
/// those of one bucket are put in order.
struct RankedKeys: Sendable {
  private static let bucketBits = 11

  private let keys: [Int64]
  private let least: Int64
  /// A bucket has 2 to this of keys.
  private let shift: UInt64
  /// By bucket: how many keys are in those before; one more at the end.
  private let before: [Int]
  /// The bucket that was put in order last.
  private var bucket = -1
  private var inOrder: [Int64] = []

  var count: Int { keys.count }

  init(_ keys: [Int64]) {
    self.keys = keys
    let (least, most) = Self.bounds(keys.span)
    self.least = least
    let width = 64 - UInt64(bitPattern: most &- least).leadingZeroBitCount
    let shift = UInt64(max(0, width - Self.bucketBits))
    self.shift = shift
    var before = [Int](repeating: 0, count: 1 << Self.bucketBits + 1)
    Self.count(keys.span, least, shift, into: &before)
    for bucket in 1..<before.count { before[bucket] += before[bucket - 1] }
    self.before = before
  }

  /// The key that would stand at `place` if they were in order.
  mutating func key(at place: Int) -> Int64 {
    var (low, high) = (0, before.count - 1)
    while low + 1 < high {
      let middle = (low + high) / 2
      if before[middle] <= place { low = middle } else { high = middle }
    }
    if low != bucket {
      // A copy: what is lent by `self` would bar it from changing.
      let keys = keys
      inOrder.removeAll(keepingCapacity: true)
      Self.gather(keys.span, least, shift, bucket: low, into: &inOrder)
      inOrder.sort()
      bucket = low
    }
    return inOrder[place - before[low]]
  }

  private static func bounds(_ keys: Span<Int64>) -> (Int64, Int64) {
    var (least, most) = keys.isEmpty ? (0, 0) : (keys[0], keys[0])
    var index = 0
    while index < keys.count {
      least = min(least, keys[index])
      most = max(most, keys[index])
      index &+= 1
    }
    return (least, most)
  }

  /// Counts each key one place behind its bucket's.
  private static func count(
    _ keys: Span<Int64>, _ least: Int64, _ shift: UInt64, into counts: inout [Int]
  ) {
    var counts = counts.mutableSpan
    var index = 0
    while index < keys.count {
      counts[Int(truncatingIfNeeded: UInt64(bitPattern: keys[index] &- least) &>> shift) &+ 1] &+= 1
      index &+= 1
    }
  }

  private static func gather(
    _ keys: Span<Int64>, _ least: Int64, _ shift: UInt64, bucket: Int, into target: inout [Int64]
  ) {
    let bucket = UInt64(bucket)
    var index = 0
    while index < keys.count {
      let key = keys[index]
      if UInt64(bitPattern: key &- least) &>> shift == bucket { target.append(key) }
      index &+= 1
    }
  }
}
