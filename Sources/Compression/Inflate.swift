/// Reads a deflate stream (RFC 1951) that arrives in pieces of any size, down to single bytes.
///
/// The state machine stands between symbols: a symbol with all its extra bits needs at most 48 bits,
/// which fit the bit buffer, so a cut inside one just waits for more. While much input and room are
/// left, `InflateLoop` does the work. What is refused is what zlib refuses.
@safe
struct Inflate: ~Copyable {
  private enum State {
    case blockHeader, storedLength, codeCounts
    case stored(left: Int)
    case codeLengthLengths(read: Int)
    case codeLengths(read: Int)
    case symbols
    case done
  }

  static let windowSize = 32768
  /// The most that waits inside before it is handed out, and the room behind it for a whole match
  /// and the words that copying writes too much.
  static let capacity = 4 * windowSize
  static let slack = 258 + 32

  var bits = BitBuffer()
  private var state = State.blockHeader
  private var isLastBlock = false

  // SAFETY: allocated in `init`, freed in `deinit`, `capacity` + `slack` bytes long. Below `next`
  // all bytes are written: first up to a window of history, from `start` on what is to be handed out.
  let window: UnsafeMutablePointer<UInt8>
  private var start = 0
  private var next = 0

  private let literals = HuffmanTable(bits: 10, capacity: 1408)
  private let distances = HuffmanTable(bits: 8, capacity: 512)
  private let codeLengthCode = HuffmanTable(bits: 7, capacity: 128)
  private var lengths = InlineArray<320, UInt8>(repeating: 0)
  private var codeLengthLengths = InlineArray<19, UInt8>(repeating: 0)
  private var literalCount = 0
  private var distanceCount = 0
  private var codeLengthCount = 0
  private var tablesAreFixed = false

  init() { unsafe window = .allocate(capacity: Self.capacity + Self.slack) }

  deinit { unsafe window.deallocate() }

  var isDone: Bool { if case .done = state { true } else { false } }

  /// Begins another stream behind this one. What the bit buffer holds is the new stream's.
  mutating func restart() {
    state = .blockHeader
    isLastBlock = false
    (start, next) = (0, 0)
  }

  /// Reads from `position` until the stream or the input ends and appends the plain bytes, at most
  /// `room` of them: more throws `tooLarge` with `limit`, the number that the caller gives out.
  mutating func run(
    _ input: Span<UInt8>, _ position: inout Int, into output: inout [UInt8], room: Int, limit: Int
  ) throws(CompressionError) {
    var room = room
    while try step(input, &position) {
      guard next >= Self.capacity else { continue }
      try handOut(&output, &room, limit)
    }
    try handOut(&output, &room, limit)
  }

  /// One step of the machine; false when the stream is done or the input is used up.
  private mutating func step(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    switch state {
    case .blockHeader: try blockHeader(input, &position)
    case .storedLength: try storedLength(input, &position)
    case .stored(let left): stored(left, input, &position)
    case .codeCounts: try codeCounts(input, &position)
    case .codeLengthLengths(let read): try readCodeLengthLengths(read, input, &position)
    case .codeLengths(let read): try readCodeLengths(read, input, &position)
    case .symbols: try symbols(input, &position)
    case .done: false
    }
  }

  private mutating func handOut(
    _ output: inout [UInt8], _ room: inout Int, _ limit: Int
  ) throws(CompressionError) {
    let count = next - start
    guard count <= room else { throw .tooLarge(limit: limit) }
    room -= count
    // SAFETY: start ..< next is written. The history that stays is below them, at most a window.
    unsafe output.append(contentsOf: UnsafeBufferPointer(start: window + start, count: count))
    if next > Self.capacity - Self.windowSize {
      unsafe window.update(from: window + (next - Self.windowSize), count: Self.windowSize)
      next = Self.windowSize
    }
    start = next
  }

  // MARK: Blocks

  private mutating func blockHeader(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    if isLastBlock {
      bits.dropToByte()
      state = .done
      return false
    }
    guard bits.fill(3, input, &position) else { return false }
    isLastBlock = bits.take(1) == 1
    switch bits.take(2) {
    case 0:
      bits.dropToByte()
      state = .storedLength
    case 1:
      useFixedCodes()
      state = .symbols
    case 2: state = .codeCounts
    default: throw .malformed(.blockType)
    }
    return true
  }

  private mutating func storedLength(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    guard bits.fill(32, input, &position) else { return false }
    let length = bits.take(16)
    guard bits.take(16) == length ^ 0xFFFF else { throw .malformed(.storedLength) }
    state = .stored(left: length)
    return true
  }

  private mutating func stored(
    _ left: Int, _ input: Span<UInt8>, _ position: inout Int
  ) -> Bool {
    var left = left
    while left > 0 && bits.count >= 8 && next < Self.capacity {
      unsafe window[next] = UInt8(truncatingIfNeeded: bits.take(8))  // SAFETY: below the capacity.
      next += 1
      left -= 1
    }
    if bits.count < 8 {
      let count = min(left, Self.capacity - next, input.count - position)
      // SAFETY: `count` bytes are left in the input and fit below the capacity.
      unsafe input.extracting(position..<(position + count)).withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        unsafe (window + next).update(from: base, count: count)
      }
      next += count
      position += count
      left -= count
    }
    state = left == 0 ? .blockHeader : .stored(left: left)
    return left == 0 || next == Self.capacity
  }

  // MARK: The codes of a dynamic block

  private mutating func codeCounts(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    guard bits.fill(14, input, &position) else { return false }
    literalCount = bits.take(5) + 257
    distanceCount = bits.take(5) + 1
    codeLengthCount = bits.take(4) + 4
    guard literalCount <= 286, distanceCount <= 30 else { throw .malformed(.codeCounts) }
    codeLengthLengths = InlineArray(repeating: 0)
    state = .codeLengthLengths(read: 0)
    return true
  }

  /// RFC 1951, 3.2.7: the likeliest lengths first, so that the rest can be left out.
  private static let codeLengthOrder: [Int] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]

  private mutating func readCodeLengthLengths(
    _ read: Int, _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    var read = read
    while read < codeLengthCount {
      guard bits.fill(3, input, &position) else {
        state = .codeLengthLengths(read: read)
        return false
      }
      codeLengthLengths[Self.codeLengthOrder[read]] = UInt8(bits.take(3))
      read += 1
    }
    let alphabet = HuffmanAlphabet.codeLengths
    let filled = codeLengthCode.fill(lengths: codeLengthLengths.span, alphabet: alphabet.span)
    // Here zlib allows no incomplete code.
    guard filled == .complete else { throw .malformed(.codeLengths) }
    state = .codeLengths(read: 0)
    return true
  }

  private mutating func readCodeLengths(
    _ read: Int, _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    var read = read
    let total = literalCount + distanceCount
    while read < total {
      // A length and the count of its repetitions: 14 bits at most, and fewer at the end.
      _ = bits.fill(14, input, &position)
      let entry = unsafe codeLengthCode.entries[Int(bits.bits & 127)]  // SAFETY: 7 bits.
      let (width, symbol) = (Int(entry & 0xFF), Int(entry >> 16))
      let extra = symbol < 16 ? 0 : symbol == 16 ? 2 : symbol == 17 ? 3 : 7
      guard bits.count >= width + extra else {
        state = .codeLengths(read: read)
        return false
      }
      bits.drop(width)
      guard symbol >= 16 else {
        lengths[read] = UInt8(symbol)
        read += 1
        continue
      }
      if symbol == 16 && read == 0 { throw .malformed(.repeatedLength) }
      let value = symbol == 16 ? lengths[read - 1] : 0
      let count = bits.take(extra) + (symbol == 18 ? 11 : 3)
      guard count <= total - read else { throw .malformed(.repeatedLength) }
      for _ in 0..<count {
        lengths[read] = value
        read += 1
      }
    }
    try useDynamicCodes()
    state = .symbols
    return true
  }

  private mutating func useDynamicCodes() throws(CompressionError) {
    tablesAreFixed = false
    guard lengths[256] != 0 else { throw .malformed(.missingEndOfBlock) }
    let (literalAlphabet, distanceAlphabet) = (HuffmanAlphabet.literals, HuffmanAlphabet.distances)
    let all = lengths.span
    let literalsFilled = literals.fill(
      lengths: all.extracting(0..<literalCount), alphabet: literalAlphabet.span)
    guard literalsFilled != nil else { throw .malformed(.literalCode) }
    let distancesFilled = distances.fill(
      lengths: all.extracting(literalCount..<(literalCount + distanceCount)),
      alphabet: distanceAlphabet.span)
    guard distancesFilled != nil else { throw .malformed(.distanceCode) }
  }

  private mutating func useFixedCodes() {
    guard !tablesAreFixed else { return }
    tablesAreFixed = true
    for symbol in 0..<288 {
      lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8
    }
    for symbol in 288..<320 { lengths[symbol] = 5 }
    let (literalAlphabet, distanceAlphabet) = (HuffmanAlphabet.literals, HuffmanAlphabet.distances)
    let all = lengths.span
    let literalsFilled = literals.fill(
      lengths: all.extracting(0..<288), alphabet: literalAlphabet.span)
    let distancesFilled = distances.fill(
      lengths: all.extracting(288..<320), alphabet: distanceAlphabet.span)
    precondition(literalsFilled == .complete && distancesFilled == .complete)
  }

  // MARK: Symbols

  private mutating func symbols(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    while true {
      guard next < Self.capacity else { return true }  // Hand out first.
      if input.count - position >= InflateLoop.inputMargin {
        let end = unsafe InflateLoop.run(
          input, &position, &bits, window, &next, limit: Self.capacity, literals.entries,
          distances.entries)
        switch end {
        case .margin: continue
        case .endOfBlock:
          state = .blockHeader
          return true
        case .symbol: throw .malformed(.symbol)
        case .farDistance: throw .malformed(.farDistance)
        }
      }
      switch try symbol(input, &position) {
      case .needsInput: return false
      case .endOfBlock:
        state = .blockHeader
        return true
      case .read: break
      }
    }
  }

  private enum Symbol { case read, endOfBlock, needsInput }

  /// One symbol, with care: what is not there yet reads as zeros and is noticed by its length.
  private mutating func symbol(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Symbol {
    _ = bits.fill(48, input, &position)
    let literal = literals.look(bits.bits)
    var used = Int(literal & 0xFF)
    guard used <= bits.count else { return .needsInput }
    if literal & HuffmanEntry.literal != 0 {
      unsafe window[next] = UInt8(truncatingIfNeeded: literal >> 16)  // SAFETY: below the capacity.
      next += 1
      bits.drop(used)
      return .read
    }
    if literal & HuffmanEntry.special != 0 {
      guard literal & HuffmanEntry.endOfBlock != 0 else { throw .malformed(.symbol) }
      bits.drop(used)
      return .endOfBlock
    }
    let length = Self.value(of: literal, bits.bits, &used)
    guard used <= bits.count else { return .needsInput }
    let distanceEntry = distances.look(bits.bits &>> UInt64(truncatingIfNeeded: used))
    guard used + Int(distanceEntry & 0xFF) <= bits.count else { return .needsInput }
    guard distanceEntry & HuffmanEntry.special == 0 else { throw .malformed(.symbol) }
    var more = Int(distanceEntry & 0xFF)
    let distance = Self.value(
      of: distanceEntry, bits.bits &>> UInt64(truncatingIfNeeded: used), &more)
    guard used + more <= bits.count else { return .needsInput }
    guard distance <= next else { throw .malformed(.farDistance) }
    bits.drop(used + more)
    for _ in 0..<length {
      // SAFETY: next was below the capacity, and a match is no longer than the slack.
      unsafe window[next] = unsafe window[next - distance]
      next += 1
    }
    return .read
  }

  /// The base of an entry plus its extra bits, which stand behind the code; `used` counts them in.
  private static func value(of entry: UInt32, _ bits: UInt64, _ used: inout Int) -> Int {
    let code = UInt64(entry & 0xFF)
    let extra = UInt64(entry >> 8 & 15)
    used = Int(code + extra) + (used - Int(code))
    return Int(entry >> 16) + Int((bits &>> code) & (1 &<< extra &- 1))
  }
}

extension HuffmanTable {
  /// The entry for the code that `bits` begin with, links followed.
  @inline(__always)
  borrowing func look(_ bits: UInt64) -> UInt32 {
    // SAFETY: the index has `self.bits` bits; a link and its width stay inside the table.
    let entry = unsafe entries[Int(bits & (1 &<< UInt64(self.bits) &- 1))]
    guard entry & HuffmanEntry.link != 0 else { return entry }
    let width = UInt64(entry >> 8 & 15)
    let index = (bits &>> UInt64(self.bits)) & (1 &<< width &- 1)
    return unsafe entries[Int(entry >> 16) + Int(index)]
  }
}
