/// The rows of a slice in the order of (cts, id): cut by time into parts, each of which is sorted by
/// whoever writes it.
struct ExportOrder: Sendable {
  // A row as a key: its time from the slice's start in the upper 36 bits, then six bits for whose it
  // is, then 22 for its number.
  static let timeBits = 36
  static let mostRows = 1 << 22
  static let mostThreads = 1 << 6
  private static let rowBits: UInt64 = 28
  /// About as many rows are sorted and written at once.
  private static let partRows = 4_096

  let keys: [UInt64]
  let parts: [Range<Int>]

  /// `start`: no row is earlier; `span`: how far the last one can be from it.
  init(_ rows: [ExportRows], from start: Int64, span: UInt64) {
    let total = rows.reduce(0) { $0 + $1.count }
    let wanted = max(1, total / Self.partRows)
    // A part is a power of two of milliseconds.
    var shift: UInt64 = 0
    while span &>> shift >= UInt64(wanted) { shift += 1 }
    var ends = [Int](repeating: 0, count: Int(span &>> shift) + 2)
    for part in rows { Self.count(part, start, shift, &ends) }
    var parts: [Range<Int>] = []
    for place in 1..<ends.count {
      ends[place] += ends[place - 1]
      if ends[place] > ends[place - 1] { parts.append(ends[place - 1]..<ends[place]) }
    }
    self.parts = parts
    var next = ends
    keys = unsafe [UInt64](unsafeUninitializedCapacity: total) { keys, count in
      for (thread, part) in rows.enumerated() {
        unsafe Self.scatter(part, UInt64(thread), start, shift, &next, keys)
      }
      count = total
    }
  }

  private static func count(
    _ rows: ExportRows, _ start: Int64, _ shift: UInt64, _ counts: inout [Int]
  ) {
    var counts = counts.mutableSpan
    // SAFETY: so many rows have so many words.
    var word = unsafe rows.words
    var row = 0
    while row < rows.count {
      let distance = unsafe word.pointee &- UInt64(bitPattern: start)
      counts[Int(distance &>> shift) &+ 1] &+= 1
      unsafe word += rows.stride
      row &+= 1
    }
  }

  private static func scatter(
    _ rows: ExportRows, _ thread: UInt64, _ start: Int64, _ shift: UInt64, _ next: inout [Int],
    _ keys: UnsafeMutableBufferPointer<UInt64>
  ) {
    var next = next.mutableSpan
    // SAFETY: so many rows have so many words; the buffer has a place for each, which its own
    // subscript need not check again.
    var word = unsafe rows.words
    var row = 0
    while row < rows.count {
      let distance = unsafe word.pointee &- UInt64(bitPattern: start)
      let part = Int(distance &>> shift)
      let place = next[part]
      precondition(place < keys.count, "more keys than rows")
      let key = distance &<< rowBits | thread &<< 22 | UInt64(truncatingIfNeeded: row)
      // SAFETY: checked just now.
      unsafe (keys.baseAddress.unsafelyUnwrapped + place).initialize(to: key)
      next[part] = place &+ 1
      unsafe word += rows.stride
      row &+= 1
    }
  }

  @inline(__always)
  static func thread(of key: UInt64) -> Int { Int(key &>> 22 & UInt64(mostThreads &- 1)) }
  @inline(__always)
  static func row(of key: UInt64) -> Int { Int(key & UInt64(mostRows &- 1)) }

  /// The keys of a part, in order.
  func sorted(_ part: Range<Int>, _ rows: [ExportRows]) -> [UInt64] {
    var keys = Array(self.keys[part])
    Self.sort(&keys)
    // Rows of one time lie side by side: their ids decide.
    var first = 0
    while first < keys.count {
      var end = first + 1
      let time = keys[first] &>> Self.rowBits
      while end < keys.count, keys[end] &>> Self.rowBits == time { end += 1 }
      if end - first > 1 {
        keys[first..<end].sort { Self.id($0, rows) < Self.id($1, rows) }
      }
      first = end
    }
    return keys
  }

  private static func id(_ key: UInt64, _ rows: [ExportRows]) -> (UInt64, UInt64) {
    let part = rows[thread(of: key)]
    precondition(row(of: key) < part.count, "no such row")
    // SAFETY: checked just now.
    let words = unsafe part.words + row(of: key) * part.stride
    return unsafe (words[1], words[2])
  }

  /// By the bits in which times differ, eight at a time.
  private static func sort(_ keys: inout [UInt64]) {
    var differing: UInt64 = 0
    for key in keys { differing |= key ^ keys[0] }
    var other = [UInt64](repeating: 0, count: keys.count)
    var shift = rowBits
    while shift < 64, differing &>> shift != 0 {
      if differing &>> shift & 0xFF != 0 {
        pass(keys.span, shift, to: &other)
        swap(&keys, &other)
      }
      shift += 8
    }
  }

  private static func pass(_ keys: Span<UInt64>, _ shift: UInt64, to other: inout [UInt64]) {
    var places = [Int](repeating: 0, count: 257)
    var other = other.mutableSpan
    var next = places.mutableSpan
    var index = 0
    while index < keys.count {
      next[Int(keys[index] &>> shift & 0xFF) &+ 1] &+= 1
      index &+= 1
    }
    index = 1
    while index < 257 {
      next[index] &+= next[index &- 1]
      index &+= 1
    }
    index = 0
    while index < keys.count {
      let digit = Int(keys[index] &>> shift & 0xFF)
      other[next[digit]] = keys[index]
      next[digit] &+= 1
      index &+= 1
    }
  }
}
