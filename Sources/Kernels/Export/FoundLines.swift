import Events

// A line in memory: the two words of its id, how many bytes it has, then these, with their line feed.
// Each begins at a multiple of eight.

/// The lines of one thread's part of a slice, in the order in which their rows were found: no line is
/// moved before it is written in its turn.
@safe final class FoundLines: @unchecked Sendable {
  // Sendable, because only one thread adds lines, and others read them once it is done.

  @safe struct Line: BitwiseCopyable {
    /// Milliseconds from the slice's start.
    var distance: UInt64
    /// SAFETY: as long as the lines live.
    var start: UnsafeMutableRawPointer

    var id: (UInt64, UInt64) {
      // SAFETY: a line's first two words.
      unsafe (start.load(as: UInt64.self), start.load(fromByteOffset: 8, as: UInt64.self))
    }
  }

  @safe private struct Chunk {
    var start: UnsafeMutableRawPointer
    var capacity: Int
  }

  static let headByteCount = 24
  /// Memory is got in pieces of this size, the first ones smaller.
  private static let chunkByteCount = 1 << 20
  private static let firstChunkByteCount = 1 << 15

  /// By stretch of the slice's time: how many lines, and how many bytes they have.
  private(set) var counts: [Int] = []
  private(set) var bytes: [Int] = []
  private(set) var stretches = Stretches(0...0)

  /// SAFETY: for `count` lines, until the next call that grows.
  private(set) var lines: UnsafeMutablePointer<Line>
  private(set) var count = 0
  private var capacity = 1_024
  private var chunks: [Chunk] = []
  private var usedChunks = 0
  /// What is left of the chunk that lines are added to. SAFETY: inside a chunk.
  private var next: UnsafeMutableRawPointer
  private var left = 0
  /// What the lines take.
  private(set) var byteCount = 0

  init() {
    unsafe lines = .allocate(capacity: capacity)
    unsafe next = UnsafeMutableRawPointer(lines)
  }

  deinit {
    unsafe lines.deallocate()
    for chunk in chunks { unsafe chunk.start.deallocate() }
  }

  /// Forgets all lines, and keeps the memory for those of a slice of these times.
  func removeAll(_ stretches: Stretches) {
    self.stretches = stretches
    counts = Array(repeating: 0, count: stretches.count)
    bytes = counts
    (count, left, usedChunks) = (0, 0, 0)
    byteCount = MemoryLayout<Line>.stride * capacity
  }

  /// What a thread adds lines with: it takes the lines' place while it does.
  @safe struct Pen {
    /// SAFETY: `left` bytes, and the slack behind them.
    var next: UnsafeMutableRawPointer
    var left: Int
    /// SAFETY: room for as many lines as were asked for.
    var line: UnsafeMutablePointer<Line>
  }

  /// Makes room for so many lines, but not for their bytes.
  func pen(for more: Int) -> Pen {
    if more > capacity - count {
      let old = capacity
      capacity = max(2 * capacity, count + more)
      let larger = UnsafeMutablePointer<Line>.allocate(capacity: capacity)
      unsafe larger.update(from: lines, count: count)
      unsafe lines.deallocate()
      unsafe lines = larger
      byteCount += MemoryLayout<Line>.stride * (capacity - old)
    }
    return unsafe Pen(next: next, left: left, line: lines + count)
  }

  /// Has the pen go on where there is room for so many bytes.
  func turnPage(_ pen: inout Pen, _ bytes: Int) {
    while usedChunks < chunks.count, chunks[usedChunks].capacity < bytes {
      // Kept from an earlier slice, and too small for this very line.
      unsafe chunks.remove(at: usedChunks).start.deallocate()
    }
    if usedChunks == chunks.count {
      let usual = min(Self.chunkByteCount, Self.firstChunkByteCount << min(chunks.count, 5))
      let capacity = max(usual, bytes)
      let start = UnsafeMutableRawPointer.allocate(
        byteCount: capacity + ByteArena.slack, alignment: 16)
      unsafe chunks.append(Chunk(start: start, capacity: capacity))
    }
    let chunk = chunks[usedChunks]
    usedChunks += 1
    byteCount += chunk.capacity
    unsafe pen.next = chunk.start
    pen.left = chunk.capacity
  }

  /// Adds the lines that the pen has written since it was made.
  func add(_ more: Int, _ pen: Pen) {
    precondition(more <= capacity - count, "more lines than there is room for")
    unsafe next = pen.next
    left = pen.left
    let first = count
    count += more
    let (lines, shift) = unsafe (lines, stretches.shift)
    var counts = counts.mutableSpan
    var bytes = bytes.mutableSpan
    var index = first
    while index < count {
      // SAFETY: below the count.
      let line = unsafe lines[index]
      let stretch = Int(line.distance &>> shift)
      counts[stretch] &+= 1
      bytes[stretch] &+= unsafe line.start.load(fromByteOffset: 16, as: Int.self)
      index &+= 1
    }
  }
}
