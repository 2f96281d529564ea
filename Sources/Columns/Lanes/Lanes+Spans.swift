/// The same over spans. A wrong size is the caller's mistake and traps: whoever reads foreign bytes
/// checks widths and counts before it comes here.
extension Lanes {
  package static func unpack(
    _ block: Span<UInt8>, width: Int, into values: inout MutableSpan<UInt32>
  ) {
    precondition(0...32 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(values.count >= blockCount, "room for \(values.count) values")
    // SAFETY: checked just now.
    unsafe lend(block, &values) { unsafe unpack($0, width: width, into: $1) }
  }

  package static func unpack(
    _ block: Span<UInt8>, width: Int, into values: inout MutableSpan<UInt16>
  ) {
    precondition(0...16 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(values.count >= blockCount, "room for \(values.count) values")
    // SAFETY: checked just now.
    unsafe lend(block, &values) { unsafe unpack($0, width: width, into: $1) }
  }

  package static func unpack(
    _ block: Span<UInt8>, width: Int, into values: inout MutableSpan<UInt8>
  ) {
    precondition(0...8 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(values.count >= blockCount, "room for \(values.count) values")
    // SAFETY: checked just now.
    unsafe lend(block, &values) { unsafe unpack($0, width: width, into: $1) }
  }

  package static func unpack(
    _ block: Span<UInt8>, width: Int, adding base: Int64, into values: inout MutableSpan<Int64>
  ) {
    precondition(0...64 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(values.count >= blockCount, "room for \(values.count) values")
    // SAFETY: checked just now.
    unsafe lend(block, &values) { unsafe unpack($0, width: width, adding: base, into: $1) }
  }

  package static func unpack(
    _ block: Span<UInt8>, width: Int, adding base: UInt64, into values: inout MutableSpan<UInt64>
  ) {
    precondition(0...64 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(values.count >= blockCount, "room for \(values.count) values")
    // SAFETY: checked just now.
    unsafe lend(block, &values) { unsafe unpack($0, width: width, adding: base, into: $1) }
  }

  /// Value `index` of a block, without its neighbours.
  package static func value(at index: Int, width: Int, of block: Span<UInt8>) -> UInt32 {
    precondition(0...32 ~= width && block.count >= byteCount(width: width), "a block too short")
    precondition(0..<blockCount ~= index, "no value \(index) in a block")
    guard width > 0 else { return 0 }
    // SAFETY: checked just now; a width above 0 means that there are bytes.
    return unsafe block.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return 0 }
      return unsafe value(at: index, width: width, of: source)
    }
  }

  /// Appends a block of numbers of up to 64 bits, their low halves first.
  package static func pack(
    wide values: Span<UInt64>, width: Int, appendingTo bytes: inout [UInt8]
  ) {
    precondition(0...64 ~= width, "a width of \(width) bits")
    var half = [UInt32](repeating: 0, count: values.count)
    for index in values.indices { half[index] = UInt32(truncatingIfNeeded: values[index]) }
    pack(half.span, width: min(width, 32), appendingTo: &bytes)
    guard width > 32 else { return }
    for index in values.indices { half[index] = UInt32(truncatingIfNeeded: values[index] &>> 32) }
    pack(half.span, width: width - 32, appendingTo: &bytes)
  }

  /// Value `index` of a block of numbers of up to 64 bits.
  package static func wideValue(at index: Int, width: Int, of block: Span<UInt8>) -> UInt64 {
    let low = UInt64(value(at: index, width: min(width, 32), of: block))
    guard width > 32 else { return low }
    let above = block.extracting(droppingFirst: byteCount(width: 32))
    return UInt64(value(at: index, width: width - 32, of: above)) &<< 32 | low
  }

  @inline(__always)
  private static func lend<Value>(
    _ block: Span<UInt8>, _ values: inout MutableSpan<Value>,
    _ body: (UnsafeRawPointer, UnsafeMutablePointer<Value>) -> Void
  ) {
    // SAFETY: the caller has checked both sizes; `values` is borrowed exclusively, so it cannot
    // overlap the bytes.
    unsafe values.withUnsafeMutableBufferPointer { values in
      guard let target = values.baseAddress else { return }
      unsafe block.withUnsafeBytes { bytes in
        // A block of width 0 may have no address; nothing is read from it.
        unsafe body(bytes.baseAddress ?? UnsafeRawPointer(target), target)
      }
    }
  }
}
