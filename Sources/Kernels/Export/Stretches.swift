/// A stretch of time cut into some thousand equal ones, each a power of two of milliseconds.
struct Stretches {
  static let most: UInt64 = 1 << 12

  let times: ClosedRange<Int64>
  let shift: UInt64
  let count: Int

  init(_ times: ClosedRange<Int64>) {
    self.times = times
    let span = Self.distance(times.lowerBound, times.upperBound)
    var shift: UInt64 = 0
    while span &>> shift >= Self.most { shift += 1 }
    self.shift = shift
    count = Int(span &>> shift) + 1
  }

  /// The times of one of them.
  subscript(number: Int) -> ClosedRange<Int64> {
    let start = UInt64(number) &<< shift
    let span = Self.distance(times.lowerBound, times.upperBound)
    let end = min(start &+ (1 &<< shift) &- 1, span)
    let first = times.lowerBound &+ Int64(bitPattern: start)
    return first...(times.lowerBound &+ Int64(bitPattern: end))
  }

  @inline(__always)
  static func distance(_ first: Int64, _ last: Int64) -> UInt64 {
    UInt64(bitPattern: last) &- UInt64(bitPattern: first)
  }
}
