/// A key on its way to its place, with what it belongs to.
struct KeyEntry {
  /// What is sorted by first: a key's leading bits, or a stray's day and leading bits.
  var value: UInt64
  /// The bits of the key that follow, and a row or an index in the lower half.
  var rest: UInt64

  @inline(__always)
  init(_ value: UInt64, tail: UInt32, number: UInt32) {
    self.value = value
    rest = UInt64(tail) &<< 32 | UInt64(number)
  }

  @inline(__always) var tail: UInt32 { UInt32(truncatingIfNeeded: rest &>> 32) }
  @inline(__always) var number: UInt32 { UInt32(truncatingIfNeeded: rest) }

  @inline(__always)
  static func precedes(_ left: KeyEntry, _ right: KeyEntry) -> Bool {
    left.value != right.value ? left.value < right.value : left.rest < right.rest
  }
}

/// Sorts entries in place by value, then rest: a radix sort from the top (American flag), which for
/// spread keys is two passes and short insertions, and for any others still n × 64 bits of work.
enum KeySort {
  static func sort(_ entries: inout [KeyEntry]) {
    unsafe entries.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      unsafe sort(base, buffer.count, bits: 64)
    }
  }

  /// Sorts by the lowest `bits` bits of the value; above them all are equal.
  private static func sort(_ entries: UnsafeMutablePointer<KeyEntry>, _ count: Int, bits: Int) {
    if count <= 24 { return unsafe insert(entries, count) }
    guard bits > 0 else {
      var buffer = unsafe UnsafeMutableBufferPointer(start: entries, count: count)
      return unsafe buffer.sort { $0.rest < $1.rest }
    }
    // About 8 entries a bucket, but no more buckets than the first-level cache has lines for.
    let logarithm = Int.bitWidth - count.leadingZeroBitCount
    let width = min(bits, min(11, max(4, logarithm - 4)))
    let shift = UInt64(bits - width)
    let mask = UInt64(1) << UInt64(width) - 1
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 << width) { places in
      let heads = places.baseAddress!
      let ends = unsafe heads + (1 << width)
      unsafe places.initialize(repeating: 0)
      var index = 0
      while index < count {
        // SAFETY: `digit` is below the number of buckets, `index` below `count`.
        unsafe ends[Int((entries[index].value &>> shift) & mask)] &+= 1
        index &+= 1
      }
      var sum = 0
      var bucket = 0
      while bucket < 1 << width {
        unsafe heads[bucket] = sum
        unsafe sum &+= ends[bucket]
        unsafe ends[bucket] = sum
        bucket &+= 1
      }
      bucket = 0
      while bucket < 1 << width {
        // Every swap brings one entry home, so there are at most `count` of them.
        while unsafe heads[bucket] < ends[bucket] {
          var held = unsafe entries[heads[bucket]]
          while true {
            let home = Int((held.value &>> shift) & mask)
            let place = unsafe heads[home]
            unsafe heads[home] = place &+ 1
            if home == bucket {
              unsafe entries[place] = held
              break
            }
            let next = unsafe entries[place]
            unsafe entries[place] = held
            held = next
          }
        }
        bucket &+= 1
      }
      var start = 0
      bucket = 0
      while bucket < 1 << width {
        let end = unsafe ends[bucket]
        if end &- start > 1 { unsafe sort(entries + start, end &- start, bits: bits &- width) }
        start = end
        bucket &+= 1
      }
    }
  }

  @inline(__always)
  private static func insert(_ entries: UnsafeMutablePointer<KeyEntry>, _ count: Int) {
    var next = 1
    while next < count {
      let held = unsafe entries[next]
      var place = next
      while place > 0, unsafe KeyEntry.precedes(held, entries[place &- 1]) {
        unsafe entries[place] = entries[place &- 1]
        place &-= 1
      }
      unsafe entries[place] = held
      next &+= 1
    }
  }
}
