/// The lines of a slice in the order of (cts, id): put by stretches of its time first, then sorted part
/// by part by whoever writes them.
@safe final class ExportOrder: @unchecked Sendable {
  // Sendable, because each thread writes to places of its own.

  typealias Line = FoundLines.Line

  /// Neighbouring stretches: about as many bytes each, as far as they can be cut.
  struct Part: Sendable {
    var lines: Range<Int>
    var byteCount: Int
  }

  let parts: [Part]
  let found: [FoundLines]
  /// For each thread's lines the place of the next one of each stretch.
  private let firsts: [[Int]]
  let count: Int
  /// SAFETY: for `count` lines.
  private let lines: UnsafeMutablePointer<Line>

  /// Lines of one slice, by the threads that found them.
  init(_ found: [FoundLines], partBytes: Int) {
    self.found = found
    var firsts = found.map(\.counts)
    var parts: [Part] = []
    var open = Part(lines: 0..<0, byteCount: 0)
    var count = 0
    for stretch in 0..<(found.first?.counts.count ?? 0) {
      for place in found.indices {
        firsts[place][stretch] = count
        count += found[place].counts[stretch]
        open.byteCount += found[place].bytes[stretch]
      }
      open.lines = open.lines.lowerBound..<count
      if open.byteCount >= partBytes {
        parts.append(open)
        open = Part(lines: count..<count, byteCount: 0)
      }
    }
    if !open.lines.isEmpty { parts.append(open) }
    self.parts = parts
    self.firsts = firsts
    self.count = count
    unsafe lines = .allocate(capacity: max(1, count))
  }

  deinit { unsafe lines.deallocate() }

  var byteCount: Int {
    found.reduce(count * MemoryLayout<Line>.stride) { $0 + $1.byteCount }
  }

  /// Puts the lines of one thread where their stretches are.
  func place(_ number: Int) {
    let found = found[number]
    var places = firsts[number]
    var next = places.mutableSpan
    let shift = found.stretches.shift
    var index = 0
    while index < found.count {
      // SAFETY: below the count of lines found.
      let line = unsafe found.lines[index]
      let stretch = Int(line.distance &>> shift)
      let place = next[stretch]
      precondition(place >= 0 && place < count, "more lines than were counted")
      // SAFETY: checked just now.
      unsafe (lines + place).initialize(to: line)
      next[stretch] = place &+ 1
      index &+= 1
    }
  }

  /// Sorts a part, once all lines are placed, and writes it, from the last line to the first if so
  /// wanted.
  func write(_ part: Part, isReversed: Bool, into arena: ByteArena) {
    precondition(part.lines.upperBound <= count, "a part of another slice")
    // SAFETY: checked just now; no other thread has this part.
    let own = unsafe UnsafeMutableBufferPointer(
      start: lines + part.lines.lowerBound, count: part.lines.count)
    unsafe LineSort.sort(own)
    arena.removeAll()
    arena.reserve(part.byteCount)
    var target = unsafe arena.start
    var first = 0
    while first < own.count {
      let end = min(own.count, first &+ Self.group)
      unsafe Self.touch(own, first..<end, isReversed)
      var index = first
      while index < end {
        // SAFETY: below the count; the part's bytes are those of its lines, so there is room.
        let line = unsafe own[isReversed ? own.count &- 1 &- index : index]
        let length = unsafe line.start.load(fromByteOffset: 16, as: Int.self)
        let text = unsafe line.start + FoundLines.headByteCount
        unsafe ByteArena.copy(
          text.assumingMemoryBound(to: UInt8.self), to: target, count: length)
        unsafe target += length
        index &+= 1
      }
      first = end
    }
    arena.commit(unsafe target - arena.start)
  }

  /// Lines lie anywhere: those of a group are fetched from memory all at once, and copied then.
  private static let group = 16

  @inline(never)
  @discardableResult
  private static func touch(
    _ lines: UnsafeMutableBufferPointer<Line>, _ range: Range<Int>, _ isReversed: Bool
  ) -> UInt8 {
    var sum: UInt8 = 0
    var index = range.lowerBound
    while index < range.upperBound {
      // SAFETY: the caller's range; a line has 24 bytes at least, and slack behind it.
      let line = unsafe lines[isReversed ? lines.count &- 1 &- index : index]
      sum &+= unsafe line.start.load(as: UInt8.self)
      sum &+= unsafe line.start.load(fromByteOffset: 64, as: UInt8.self)
      sum &+= unsafe line.start.load(fromByteOffset: 128, as: UInt8.self)
      index &+= 1
    }
    return sum
  }
}

/// Sorts lines by (cts, id).
enum LineSort {
  typealias Line = FoundLines.Line

  /// SAFETY: all lines are there, and nobody else reads or writes them.
  static func sort(_ lines: UnsafeMutableBufferPointer<Line>) {
    guard lines.count > 1, let start = lines.baseAddress else { return }
    var differing: UInt64 = 0
    let distance = unsafe start.pointee.distance
    for index in 0..<lines.count { differing |= unsafe start[index].distance ^ distance }
    unsafe withUnsafeTemporaryAllocation(of: Line.self, capacity: lines.count) { other in
      guard let second = other.baseAddress else { return }
      var (from, to) = unsafe (start, second)
      var shift: UInt64 = 0
      // By the bits in which times differ, eight at a time.
      while shift < 64, differing &>> shift != 0 {
        if differing &>> shift & 0xFF != 0 {
          unsafe pass(from, lines.count, shift, to: to)
          unsafe swap(&from, &to)
        }
        shift += 8
      }
      if unsafe from != start { unsafe start.update(from: from, count: lines.count) }
    }
    // Lines of one time lie side by side: their ids decide.
    var first = 0
    while first < lines.count {
      var end = first &+ 1
      while end < lines.count, unsafe start[end].distance == start[first].distance { end &+= 1 }
      if end &- first > 1 {
        unsafe lines[first..<end].sort { $0.id < $1.id }
      }
      first = end
    }
  }

  /// SAFETY: there are so many lines in the one, and room for them in the other.
  private static func pass(
    _ lines: UnsafeMutablePointer<Line>, _ count: Int, _ shift: UInt64,
    to other: UnsafeMutablePointer<Line>
  ) {
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 257) { places in
      // SAFETY: a digit is below 256, so that the one behind it is there too.
      unsafe places.initialize(repeating: 0)
      guard let next = places.baseAddress else { return }
      var index = 0
      while index < count {
        unsafe next[Int(lines[index].distance &>> shift & 0xFF) &+ 1] &+= 1
        index &+= 1
      }
      index = 1
      while index < 257 {
        unsafe next[index] &+= next[index &- 1]
        index &+= 1
      }
      index = 0
      while index < count {
        let line = unsafe lines[index]
        let digit = Int(line.distance &>> shift & 0xFF)
        unsafe (other + next[digit]).initialize(to: line)
        unsafe next[digit] &+= 1
        index &+= 1
      }
    }
  }
}
