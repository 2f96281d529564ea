// A block of 1,024 numbers of `width` bits, 0 to 32, transposed into 32 lanes:
//
//   value i   is row i / 32 of lane i % 32
//   a lane    its 32 values back to back, the first one lowest: 32 × width bits, `width` words
//   bytes     word 0 of lanes 0 … 31, word 1 of lanes 0 … 31, …: each word a little-endian u32,
//             together width × 128 bytes
//
// Numbers of 33 to 64 bits are two such blocks: their low 32 bits, then what is above.

/// Bit packing that decodes at the speed of memory: a row of 32 values lies at the same bits of 32
/// neighbouring words, so that unpacking is loads, shifts and masks of whole vectors.
package enum Lanes {
  /// Values in a block.
  package static let blockCount = 1024
  static let laneCount = 32
  static let rowCount = 32
  private static let rowBytes = laneCount * 4

  /// Bytes of a packed block; also for widths up to 64.
  @inline(__always)
  package static func byteCount(width: Int) -> Int { width &* rowBytes }

  /// The bits that the largest of these values needs.
  package static func width(of values: Span<UInt32>) -> Int {
    var union: UInt32 = 0
    for index in values.indices { union |= values[index] }
    return UInt32.bitWidth - union.leadingZeroBitCount
  }

  /// Appends one block. Fewer than 1,024 values are followed by zeros; bits above `width` are lost.
  package static func pack(
    _ values: Span<UInt32>, width: Int, appendingTo bytes: inout [UInt8]
  ) {
    precondition(values.count <= blockCount, "\(values.count) values in a block")
    precondition(0...32 ~= width, "a width of \(width) bits")
    let end = bytes.count + byteCount(width: width)
    bytes.append(contentsOf: repeatElement(0, count: byteCount(width: width)))
    // SAFETY: `pack` reads the `count` values that are lent and writes the bytes just appended.
    unsafe values.withUnsafeBufferPointer { values in
      unsafe bytes.withUnsafeMutableBytes { bytes in
        guard width > 0, let target = bytes.baseAddress else { return }
        let start = unsafe target + (end - byteCount(width: width))
        var row = 0
        while row &* laneCount < values.count {
          let count = min(laneCount, values.count - row * laneCount)
          guard let base = values.baseAddress else { return }
          unsafe pack(base + row * laneCount, count, row: row, width: width, into: start)
          row &+= 1
        }
      }
    }
  }

  /// Adds one row to lanes that are zero from there on.
  @inline(__always)
  private static func pack(
    _ values: UnsafePointer<UInt32>, _ count: Int, row: Int, width: Int,
    into target: UnsafeMutableRawPointer
  ) {
    let mask = UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width)
    let bit = row &* width
    let shift = UInt32(truncatingIfNeeded: bit & 31)
    // SAFETY: the row ends at or below bit 32 × width of its lane, so in the block's last word.
    let words = unsafe target + (bit &>> 5) &* rowBytes
    var lane = 0
    while lane < count {
      let old = unsafe words.loadUnaligned(fromByteOffset: lane &* 4, as: UInt32.self)
      let value = unsafe values[lane] & mask
      unsafe words.storeBytes(
        of: old | (value &<< shift).littleEndian, toByteOffset: lane &* 4, as: UInt32.self)
      lane &+= 1
    }
    guard Int(shift) &+ width > 32 else { return }
    let above = unsafe words + rowBytes
    lane = 0
    while lane < count {
      let value = unsafe values[lane] & mask
      unsafe above.storeBytes(
        of: (value &>> (32 &- shift)).littleEndian, toByteOffset: lane &* 4, as: UInt32.self)
      lane &+= 1
    }
  }

  /// Value `index` of a block, without its neighbours.
  ///
  /// SAFETY: `source` has the bytes of a block of this width, and `index` is below 1,024.
  @inline(__always)
  package static func value(
    at index: Int, width: Int, of source: UnsafeRawPointer
  ) -> UInt32 {
    guard width > 0 else { return 0 }
    let bit = (index &>> 5) &* width
    let shift = UInt32(truncatingIfNeeded: bit & 31)
    let offset = (bit &>> 5) &* rowBytes &+ (index & 31) &* 4
    var value = unsafe word(source, at: offset) &>> shift
    if Int(shift) &+ width > 32 {
      value |= unsafe word(source, at: offset &+ rowBytes) &<< (32 &- shift)
    }
    return value & (UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width))
  }

  @inline(__always)
  private static func word(_ source: UnsafeRawPointer, at offset: Int) -> UInt32 {
    UInt32(littleEndian: unsafe source.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The loops behind every `unpack`: `store(index, value)` is called for all 1,024 values in turn.
  @inline(__always)
  static func forEach(
    _ source: UnsafeRawPointer, width: Int, _ store: (Int, UInt32) -> Void
  ) {
    let mask = width == 0 ? 0 : UInt32.max &>> UInt32(truncatingIfNeeded: 32 &- width)
    var row = 0
    var bit = 0
    while row < rowCount {
      let shift = UInt32(truncatingIfNeeded: bit & 31)
      // SAFETY: as in `pack`; for a width of 0 the caller never comes here.
      let words = unsafe source + (bit &>> 5) &* rowBytes
      let first = row &* laneCount
      var lane = 0
      // Two loops without a branch: LLVM makes vectors of both.
      if Int(shift) &+ width > 32 {
        while lane < laneCount {
          let low = unsafe word(words, at: lane &* 4) &>> shift
          let high = unsafe word(words, at: lane &* 4 &+ rowBytes) &<< (32 &- shift)
          store(first &+ lane, (low | high) & mask)
          lane &+= 1
        }
      } else {
        while lane < laneCount {
          store(first &+ lane, (unsafe word(words, at: lane &* 4) &>> shift) & mask)
          lane &+= 1
        }
      }
      bit &+= width
      row &+= 1
    }
  }
}
