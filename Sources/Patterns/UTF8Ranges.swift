/// Scalars as what their bytes may be: `U+0800...U+FFFF` is E0 A0-BF 80-BF, E1-EC 80-BF 80-BF, ...
enum UTF8Ranges {
  typealias Sequence = [ClosedRange<UInt8>]

  /// In the order of their bytes; two begin with the same range of bytes or share none of the first.
  static func sequences(of set: ScalarSet) -> [Sequence] {
    var result: [Sequence] = []
    for range in set.ranges { split(range.lowerBound, range.upperBound, &result) }
    return result
  }

  private static func split(_ low: UInt32, _ high: UInt32, _ result: inout [Sequence]) {
    guard low <= high else { return }
    // Surrogates are no scalars.
    if low <= 0xDFFF, high >= 0xD800 {
      if low < 0xD800 { split(low, 0xD7FF, &result) }
      split(0xE000, high, &result)
      return
    }
    for last: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= last && high > last {
      split(low, last, &result)
      split(last + 1, high, &result)
      return
    }
    if high > 0x7F {
      // So that all bytes behind the first that differs may be anything.
      for bits in [6, 12, 18] as [UInt32] {
        let mask = (1 << bits) - 1 as UInt32
        guard low & ~mask != high & ~mask else { continue }
        if low & mask != 0 {
          split(low, low | mask, &result)
          split((low | mask) + 1, high, &result)
          return
        }
        if high & mask != mask {
          split(low, (high & ~mask) - 1, &result)
          split(high & ~mask, high, &result)
          return
        }
      }
    }
    guard let low = Unicode.Scalar(low), let high = Unicode.Scalar(high) else { return }
    let pairs = zip(Unicode.UTF8.encode(low)!, Unicode.UTF8.encode(high)!)
    result.append(pairs.map { $0...$1 })
  }
}
