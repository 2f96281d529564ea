/// Bytes that only grow, in memory of their own, so that loops may write and copy by address; some
/// lie unused behind the content, so that copies may be made thirty-two at a time.
@safe final class ByteArena: @unchecked Sendable {
  // Sendable, because one thread has it at a time.

  static let slack = 160

  /// SAFETY: for offsets below `count` and the slack behind it, until the next call that grows.
  private(set) var start: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private(set) var capacity: Int

  init(capacity: Int = 1 << 12) {
    self.capacity = max(64, capacity)
    unsafe start = .allocate(capacity: self.capacity + Self.slack)
  }

  deinit { unsafe start.deallocate() }

  func removeAll() { count = 0 }

  @inline(__always)
  func reserve(_ more: Int) {
    if more > capacity &- count { grow(more) }
  }

  private func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + Self.slack)
    unsafe larger.update(from: start, count: count)
    unsafe start.deallocate()
    unsafe start = larger
  }

  /// What was written from `count` on.
  @inline(__always)
  func commit(_ written: Int) {
    precondition(written >= 0 && written <= capacity - count, "more than there is room for")
    count &+= written
  }

  @inline(__always)
  func append(_ byte: UInt8) {
    reserve(1)
    // SAFETY: there is room, made just now.
    unsafe start[count] = byte
    count &+= 1
  }

  func append(_ text: Span<UInt8>) {
    reserve(text.count)
    let target = unsafe start + count
    // SAFETY: there is room, made just now.
    unsafe text.withUnsafeBufferPointer { text in
      guard let first = text.baseAddress else { return }
      unsafe target.update(from: first, count: text.count)
    }
    count &+= text.count
  }

  /// Copies thirty-two bytes at a time, up to thirty-one more than were asked for.
  @inline(__always)
  static func copy(
    _ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    let source = unsafe UnsafeRawPointer(source)
    let target = UnsafeMutableRawPointer(target)
    var done = 0
    repeat {
      let first = unsafe source.loadUnaligned(fromByteOffset: done, as: SIMD16<UInt8>.self)
      let second = unsafe source.loadUnaligned(fromByteOffset: done &+ 16, as: SIMD16<UInt8>.self)
      unsafe target.storeBytes(of: first, toByteOffset: done, as: SIMD16<UInt8>.self)
      unsafe target.storeBytes(of: second, toByteOffset: done &+ 16, as: SIMD16<UInt8>.self)
      done &+= 32
    } while done < count
  }

  func withBytes<R, Problem: Error>(
    _ body: (Span<UInt8>) throws(Problem) -> R
  ) throws(Problem) -> R {
    // SAFETY: so many bytes were written, and the arena outlives the call.
    let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
    defer { extendLifetime(self) }
    return try body(unsafe bytes.span)
  }
}
