import Platform

// In a root, behind each other:
//
//   u32         pages
//   u64         base: the smallest number of the first page; absent without pages, as all below
//   u8          shift, 0 to 32
//   u32 × pages (smallest number of the page − base) >> shift, never falling, the first one 0

/// Which page a number is in: 32 bits a page, all that stays in memory of sorted pages.
struct PageDirectory: Sendable, Equatable {
  let base: UInt64
  let shift: UInt64
  let firsts: [UInt32]
  /// Pages for each step of 2^−32 of an entry, if numbers are spread.
  private let density: UInt64

  init(_ firsts: [UInt64]) {
    let base = firsts.first ?? 0
    let span = (firsts.last ?? 0) - base
    let shift = UInt64(max(0, 32 - span.leadingZeroBitCount))
    self.init(base: base, shift: shift, firsts: firsts.map { UInt32(($0 - base) >> shift) })
  }

  private init(base: UInt64, shift: UInt64, firsts: [UInt32]) {
    self.base = base
    self.shift = shift
    self.firsts = firsts
    density = UInt64(firsts.count) << 32 / (UInt64(firsts.last ?? 0) + 1)
  }

  init(
    from reader: inout ByteReader, _ bytes: Span<UInt8>, atMost limit: Int
  ) throws(SectionProblem) {
    let start = reader.position
    do {
      let count = Int(try reader.integer(UInt32.self, bytes))
      guard count <= limit, count <= (bytes.count - reader.position) / 4 else {
        throw SectionProblem.badRoot(at: start)
      }
      guard count > 0 else {
        self.init(base: 0, shift: 0, firsts: [])
        return
      }
      let base = try reader.integer(UInt64.self, bytes)
      let shift = UInt64(try reader.byte(bytes))
      guard shift <= 32 else { throw SectionProblem.badRoot(at: start) }
      var firsts: [UInt32] = []
      firsts.reserveCapacity(count)
      for _ in 0..<count {
        let next = try reader.integer(UInt32.self, bytes)
        guard firsts.isEmpty ? next == 0 : next >= firsts[firsts.count - 1] else {
          throw SectionProblem.badRoot(at: start)
        }
        firsts.append(next)
      }
      self.init(base: base, shift: shift, firsts: firsts)
    } catch {
      throw .badRoot(at: start)
    }
  }

  func append(to writer: inout ByteWriter) {
    writer.append(littleEndian: UInt32(firsts.count))
    guard !firsts.isEmpty else { return }
    writer.append(littleEndian: base)
    writer.append(UInt8(shift))
    for first in firsts { writer.append(littleEndian: first) }
  }

  /// The last page whose entry here is not above that of `value`, and whether it alone can hold the
  /// value, which is at least `base`.
  ///
  /// It is `hint` or looked for around where spread numbers would have it, in doubling steps, then by
  /// halves: of spread numbers it takes few, and never more than twice the logarithm of the pages.
  @inline(__always)
  func page(of value: UInt64, near hint: Int) -> (page: Int, isCertain: Bool) {
    let wanted = (value &- base) &>> shift
    let entry = UInt32(truncatingIfNeeded: min(wanted, UInt64(UInt32.max)))
    return unsafe firsts.withUnsafeBufferPointer { firsts in
      // SAFETY: `low` and `high` stay within 0 and the count; entry 0 is 0, so never above.
      let count = firsts.count
      let isInHinted =
        unsafe firsts[hint] < entry
        && (hint &+ 1 == count || firsts[hint &+ 1] > entry)
      if isInHinted { return (hint, true) }
      let guess = (UInt64(entry) &* density) &>> 32
      var low = Int(min(guess, UInt64(count &- 1)))
      var high = low &+ 1
      var step = 1
      if unsafe firsts[low] > entry {
        repeat {
          high = low
          low = max(0, low &- step)
          step &*= 2
        } while unsafe firsts[low] > entry
      } else {
        while high < count, unsafe firsts[high] <= entry {
          low = high
          high = min(count, high &+ step)
          step &*= 2
        }
      }
      while high &- low > 1 {
        let middle = (low &+ high) &>> 1
        if unsafe firsts[middle] <= entry { low = middle } else { high = middle }
      }
      return (low, unsafe firsts[low] != entry)
    }
  }

  /// The page before all that have the same entry as this one.
  func page(before page: Int) -> Int {
    var (low, high) = (0, page)  // The first page with this entry is behind `low` or is 0.
    while low < high {
      let middle = (low + high) / 2
      if firsts[middle] < firsts[page] { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }
}
