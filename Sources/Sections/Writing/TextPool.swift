import Platform

/// Every distinct text that the rows of a section have, once; a text is its number.
struct TextPool {
  private(set) var bytes: [UInt8] = []
  /// Where each text ends.
  private(set) var ends: [Int] = []
  private var hashes: [UInt64] = []
  /// Open addressing; a slot holds the number of a text and one, and the upper half of its hash, so that
  /// other texts are passed without a look at them. 0 if it is free.
  private var slots: [UInt64] = Array(repeating: 0, count: 1 << 10)
  private let seed: UInt64

  /// The seed keeps strangers from choosing texts that collide.
  init(seed: UInt64) { self.seed = seed }

  var count: Int { ends.count }

  func range(of text: UInt32) -> Range<Int> {
    (text == 0 ? 0 : ends[Int(text) &- 1])..<ends[Int(text)]
  }

  /// The number of this text, which is new if it was not met before.
  mutating func number(of range: Range<Int>, in source: Span<UInt8>) -> UInt32 {
    let hash = self.hash(source.extracting(range))
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let entry = slots[slot]
      if (entry ^ hash) >> 32 == 0 {
        let text = UInt32(truncatingIfNeeded: entry) &- 1
        if isSame(text, range, source) { return text }
      }
      slot = (slot &+ 1) & mask
    }
    let text = UInt32(ends.count)
    slots[slot] = Self.entry(text, hash)
    hashes.append(hash)
    // SAFETY: the pointer is used during the call only.
    unsafe source.extracting(range).withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
    if ends.count &* 2 > slots.count { grow() }
    return text
  }

  private func isSame(_ text: UInt32, _ range: Range<Int>, _ source: Span<UInt8>) -> Bool {
    let place = self.range(of: text)
    guard place.count == range.count else { return false }
    let known = bytes.span
    var offset = 0
    while offset &+ 8 <= range.count {
      let word = Self.word(known, place.lowerBound &+ offset)
      if word != Self.word(source, range.lowerBound &+ offset) { return false }
      offset &+= 8
    }
    while offset < range.count {
      if known[place.lowerBound &+ offset] != source[range.lowerBound &+ offset] { return false }
      offset &+= 1
    }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 4)
    let mask = slots.count &- 1
    for text in hashes.indices {
      var slot = Int(truncatingIfNeeded: hashes[text]) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = Self.entry(UInt32(text), hashes[text])
    }
  }

  @inline(__always)
  private static func entry(_ text: UInt32, _ hash: UInt64) -> UInt64 {
    (hash >> 32) << 32 | UInt64(text &+ 1)
  }

  /// Eight bytes at a time, multiplied and folded.
  private func hash(_ text: Span<UInt8>) -> UInt64 {
    var hash = seed ^ UInt64(text.count)
    var offset = 0
    while offset &+ 8 <= text.count {
      hash = Self.mix(hash ^ Self.word(text, offset))
      offset &+= 8
    }
    var rest: UInt64 = 0
    while offset < text.count {
      rest = rest &<< 8 | UInt64(text[offset])
      offset &+= 1
    }
    return Self.mix(hash ^ rest)
  }

  @inline(__always)
  private static func word(_ text: Span<UInt8>, _ offset: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= text.count &- 8)
    // SAFETY: the eight bytes are inside, as was just checked.
    return unsafe text.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
  }

  @inline(__always)
  private static func mix(_ word: UInt64) -> UInt64 {
    let product = word.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
