/// Blocks into a caller's buffer, by pointer: for loops that have checked what they hand in.
///
/// SAFETY, for all of them: `source` has `byteCount(width:)` bytes, aligned or not; `target` has room
/// for 1,024 values and does not overlap `source`.
extension Lanes {
  /// `width` is at most 32.
  package static func unpack(
    _ source: UnsafeRawPointer, width: Int, into target: UnsafeMutablePointer<UInt32>
  ) {
    guard width > 0 else { return unsafe target.update(repeating: 0, count: blockCount) }
    unsafe forEach(source, width: width) { unsafe target[$0] = $1 }
  }

  /// `width` is at most 16.
  package static func unpack(
    _ source: UnsafeRawPointer, width: Int, into target: UnsafeMutablePointer<UInt16>
  ) {
    guard width > 0 else { return unsafe target.update(repeating: 0, count: blockCount) }
    unsafe forEach(source, width: width) { unsafe target[$0] = UInt16(truncatingIfNeeded: $1) }
  }

  /// `width` is at most 8.
  package static func unpack(
    _ source: UnsafeRawPointer, width: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    guard width > 0 else { return unsafe target.update(repeating: 0, count: blockCount) }
    unsafe forEach(source, width: width) { unsafe target[$0] = UInt8(truncatingIfNeeded: $1) }
  }

  /// Values of up to 64 bits, to each of which `base` is added, wrapping.
  package static func unpack(
    _ source: UnsafeRawPointer, width: Int, adding base: Int64,
    into target: UnsafeMutablePointer<Int64>
  ) {
    guard width > 0 else { return unsafe target.update(repeating: base, count: blockCount) }
    unsafe forEach(source, width: min(width, 32)) { unsafe target[$0] = base &+ Int64($1) }
    guard width > 32 else { return }
    unsafe forEach(source + byteCount(width: 32), width: width &- 32) {
      unsafe target[$0] &+= Int64(truncatingIfNeeded: UInt64($1) &<< 32)
    }
  }

  package static func unpack(
    _ source: UnsafeRawPointer, width: Int, adding base: UInt64,
    into target: UnsafeMutablePointer<UInt64>
  ) {
    guard width > 0 else { return unsafe target.update(repeating: base, count: blockCount) }
    unsafe forEach(source, width: min(width, 32)) { unsafe target[$0] = base &+ UInt64($1) }
    guard width > 32 else { return }
    unsafe forEach(source + byteCount(width: 32), width: width &- 32) {
      unsafe target[$0] &+= UInt64($1) &<< 32
    }
  }
}
