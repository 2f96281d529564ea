/// A block of codes into a caller's buffer, which has room for 1,024. A code that is not below the
/// limit is refused here, so that whoever looks it up need not ask.
extension CodeBlocks {
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into codes: inout MutableSpan<UInt32>
  ) throws(BlockProblem) -> Int {
    let packed = piece.extracting(try range(ofBlock: block, in: piece))
    let count = head.valueCount(ofBlock: block)
    if count == Lanes.blockCount {
      Lanes.unpack(packed, width: width, into: &codes)
    } else {
      for index in 0..<count {
        codes[index] = UInt32(BackToBack.value(at: index, width: width, of: packed))
      }
    }
    guard needsCheck else { return count }
    let largest = UInt32(head.limit - 1)
    // A pass of its own over what is in the first cache: inside the loops above it costs more.
    // SAFETY: `codes` has at least the `count` values just written.
    let isGood = unsafe codes.withUnsafeMutableBufferPointer { codes in
      guard let codes = codes.baseAddress else { return count == 0 }
      // Both sides are below 2^31: a code above the largest leaves the sign bit.
      var signs: UInt32 = 0
      var index = 0
      while index < count {
        signs |= unsafe largest &- codes[index]
        index &+= 1
      }
      return signs >> 31 == 0
    }
    guard isGood else { throw .badCode(block: block) }
    return count
  }

  /// For a width of at most 16.
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into codes: inout MutableSpan<UInt16>
  ) throws(BlockProblem) -> Int {
    precondition(width <= 16, "codes of \(width) bits in 16")
    return try decodeNarrow(block, of: piece, into: &codes) {
      Lanes.unpack($0, width: width, into: &$1)
    }
  }

  /// For a width of at most 8.
  @discardableResult
  package func decode(
    _ block: Int, of piece: Span<UInt8>, into codes: inout MutableSpan<UInt8>
  ) throws(BlockProblem) -> Int {
    precondition(width <= 8, "codes of \(width) bits in 8")
    return try decodeNarrow(block, of: piece, into: &codes) {
      Lanes.unpack($0, width: width, into: &$1)
    }
  }

  @inline(__always)
  private func decodeNarrow<Code: FixedWidthInteger>(
    _ block: Int, of piece: Span<UInt8>, into codes: inout MutableSpan<Code>,
    _ unpack: (Span<UInt8>, inout MutableSpan<Code>) -> Void
  ) throws(BlockProblem) -> Int {
    let packed = piece.extracting(try range(ofBlock: block, in: piece))
    let count = head.valueCount(ofBlock: block)
    if count == Lanes.blockCount {
      unpack(packed, &codes)
    } else {
      for index in 0..<count {
        let code = BackToBack.value(at: index, width: width, of: packed)
        codes[index] = Code(truncatingIfNeeded: code)
      }
    }
    guard needsCheck else { return count }
    guard Self.largest(of: &codes, count) < head.limit else { throw .badCode(block: block) }
    return count
  }

  @inline(__always)
  private static func largest<Code: FixedWidthInteger>(
    of codes: inout MutableSpan<Code>, _ count: Int
  ) -> Int {
    // SAFETY: `codes` has at least the `count` values just written.
    unsafe codes.withUnsafeMutableBufferPointer { codes in
      guard let codes = codes.baseAddress else { return 0 }
      var largest: Code = 0
      var index = 0
      while index < count {
        largest = unsafe max(largest, codes[index])
        index &+= 1
      }
      return Int(largest)
    }
  }
}
