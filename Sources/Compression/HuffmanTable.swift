// Tables that decode a canonical Huffman code of RFC 1951 in one look, or in two where a code is
// longer than the first look. An entry has 32 bits:
//
//   0…7    bits of the code (in the entry of a second table: all its bits)
//   8…11   extra bits that follow the code; in a link the bits that index the second table
//   12     literal
//   13     link to a second table
//   14     end of block
//   15     no such code
//   16…31  the literal, the base of the length or distance, or where the second table starts

/// One symbol or link of a table.
struct HuffmanEntry {
  static let literal: UInt32 = 1 << 12
  static let link: UInt32 = 1 << 13
  static let endOfBlock: UInt32 = 1 << 14
  static let invalid: UInt32 = 1 << 15
  /// Whatever is not a literal and not a base with extra bits.
  static let special = link | endOfBlock | invalid
  /// A bit decides that there is no such code.
  static let hole: UInt32 = invalid | 1
}

/// What the symbols of a code stand for, as entries without the length of their code.
enum HuffmanAlphabet {
  static let literals: [UInt32] =
    (0..<256).map { HuffmanEntry.literal | UInt32($0) << 16 }
    + [HuffmanEntry.endOfBlock]
    + bases(count: 29, first: 3, group: 4).dropLast() + [258 << 16]
    + [HuffmanEntry.invalid, HuffmanEntry.invalid]  // 286 and 287: in the fixed code only.
  static let distances: [UInt32] =
    bases(count: 30, first: 1, group: 2) + [HuffmanEntry.invalid, HuffmanEntry.invalid]
  static let codeLengths: [UInt32] = (0..<19).map { UInt32($0) << 16 }

  /// Bases whose extra bits grow by one with each `group`; the first two groups have none.
  private static func bases(count: Int, first: UInt32, group: Int) -> [UInt32] {
    var base = first
    return (0..<count).map { index in
      let extra = UInt32(max(0, index / group - 1))
      defer { base += 1 << extra }
      return base << 16 | extra << 8
    }
  }
}

/// A decoding table in memory of its own, so that the decoder's loop can hold a plain pointer.
@safe
struct HuffmanTable: ~Copyable {
  enum Completeness { case complete, single, empty }

  static let longestCode = 15
  let entries: UnsafeMutablePointer<UInt32>  // SAFETY: allocated in `init`, freed in `deinit`.
  let capacity: Int
  /// Bits of the first look.
  let bits: Int

  /// `capacity` is what a complete code can need (zlib's `enough` counts it).
  init(bits: Int, capacity: Int) {
    self.bits = bits
    self.capacity = capacity
    unsafe entries = .allocate(capacity: capacity)
    unsafe entries.initialize(repeating: HuffmanEntry.hole, count: capacity)
  }

  deinit { unsafe entries.deallocate() }

  /// Fills the table for codes of these lengths (0: the symbol is not used). Nil where they are no
  /// code: over-subscribed, or incomplete and not a single code of one bit, as zlib has it.
  func fill(lengths: Span<UInt8>, alphabet: Span<UInt32>) -> Completeness? {
    var counts = InlineArray<16, Int>(repeating: 0)
    for index in lengths.indices { counts[Int(lengths[index])] += 1 }
    var longest = Self.longestCode
    while longest > 0 && counts[longest] == 0 { longest -= 1 }
    let first = 1 << bits
    guard longest > 0 else {
      unsafe entries.update(repeating: HuffmanEntry.hole, count: first)
      return .empty
    }
    var left = 1
    for length in 1...Self.longestCode {
      left = left << 1 - counts[length]
      if left < 0 { return nil }
    }
    guard left == 0 || longest == 1 else { return nil }
    if left > 0 { unsafe entries.update(repeating: HuffmanEntry.hole, count: first) }

    // The symbols by length of code, and by number among equals.
    var starts = InlineArray<17, Int>(repeating: 0)
    for length in 1...Self.longestCode { starts[length + 1] = starts[length] + counts[length] }
    var sorted = InlineArray<288, UInt16>(repeating: 0)
    for symbol in lengths.indices where lengths[symbol] != 0 {
      let length = Int(lengths[symbol])
      sorted[starts[length]] = UInt16(symbol)
      starts[length] += 1
    }
    let used = lengths.count - counts[0]
    guard place(sorted.span.extracting(first: used), counts, lengths, alphabet, longest) else {
      return nil
    }
    return left == 0 ? .complete : .single
  }

  /// Writes each code at every index that begins with it. Codes come first bit lowest, so the
  /// counter runs in reverse.
  private func place(
    _ sorted: Span<UInt16>, _ counts: InlineArray<16, Int>, _ lengths: Span<UInt8>,
    _ alphabet: Span<UInt32>, _ longest: Int
  ) -> Bool {
    var remaining = counts
    var used = 1 << bits
    var code = 0
    var linked = -1
    var (base, width) = (0, 0)
    for index in sorted.indices {
      let symbol = Int(sorted[index])
      let length = Int(lengths[symbol])
      let entry = alphabet[symbol] | UInt32(length)
      if length <= bits {
        var at = code
        // SAFETY: below 2^bits, which is no more than the capacity.
        while at < 1 << bits {
          unsafe entries[at] = entry
          at += 1 << length
        }
      } else {
        let prefix = code & (1 << bits - 1)
        if prefix != linked {
          // As many bits as the codes that begin like this can fill.
          (linked, base) = (prefix, used)
          width = length - bits
          var room = 1 << width
          while width + bits < longest {
            room -= remaining[width + bits]
            if room <= 0 { break }
            width += 1
            room <<= 1
          }
          used += 1 << width
          guard used <= capacity else { return false }
          unsafe entries[prefix] =
            HuffmanEntry.link | UInt32(base) << 16 | UInt32(width) << 8 | UInt32(bits)
        }
        var at = code >> bits
        // SAFETY: below 2^width past the base, which was checked against the capacity.
        while at < 1 << width {
          unsafe entries[base + at] = entry
          at += 1 << (length - bits)
        }
      }
      remaining[length] -= 1
      var bit = 1 << (length - 1)
      while code & bit != 0 { bit >>= 1 }
      code = bit == 0 ? 0 : code & (bit - 1) + bit
    }
    return true
  }
}
