/// Bytes under construction whose memory is kept for the next event. Growth is checked once a value,
/// forgetting costs nothing, and the storage is always initialised, so a reader may look at a word of
/// it without asking how much of that word is content.
struct ScratchBytes {
  private(set) var storage: [UInt8]
  private(set) var count = 0

  /// Kept free behind the content, so that a word can be read at any byte of it.
  private static let slack = 16

  init(capacity: Int = 2_048) { storage = [UInt8](repeating: 0, count: capacity + Self.slack) }

  /// Forgets what comes from `newCount` on and keeps the memory.
  mutating func truncate(to newCount: Int) {
    precondition(newCount <= count)
    count = newCount
  }

  @inline(__always)
  mutating func reserve(_ more: Int) {
    if storage.count &- count &- Self.slack < more { grow(by: more) }
  }

  private mutating func grow(by more: Int) {
    let target = max(storage.count * 2, count + more + Self.slack)
    storage.append(contentsOf: repeatElement(0, count: target - storage.count))
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    storage[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func append(copying bytes: Span<UInt8>) {
    let added = bytes.count
    reserve(added)
    let start = count
    unsafe storage.withUnsafeMutableBytes { target in
      unsafe bytes.withUnsafeBytes { source in
        guard added > 0, let source = source.baseAddress else { return }
        // SAFETY: `reserve` made room for `added` bytes behind `start`; the two do not overlap.
        unsafe (target.baseAddress! + start).copyMemory(from: source, byteCount: added)
      }
    }
    count &+= added
  }

  @inline(__always)
  mutating func append(copying range: Range<Int>, of other: ScratchBytes) {
    append(copying: other.storage.span.extracting(range))
  }

  mutating func append(copying literal: StaticString) {
    // SAFETY: a literal's bytes live for ever.
    let bytes = unsafe UnsafeBufferPointer(
      start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    unsafe append(copying: bytes.span)
  }

  /// A varint of the length, then the bytes.
  @inline(__always)
  mutating func append(prefixed bytes: Span<UInt8>) {
    append(varint: UInt64(bytes.count))
    append(copying: bytes)
  }

  @inline(__always)
  mutating func append(prefixed range: Range<Int>, of other: ScratchBytes) {
    append(prefixed: other.storage.span.extracting(range))
  }

  mutating func append(prefixed bytes: [UInt8]) { append(prefixed: bytes.span) }

  @inline(__always)
  mutating func append(varint value: UInt64) {
    reserve(10)
    var rest = value
    while rest >= 0x80 {
      storage[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      count &+= 1
      rest >>= 7
    }
    storage[count] = UInt8(truncatingIfNeeded: rest)
    count &+= 1
  }

  @inline(__always)
  mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
    let width = Integer.bitWidth / 8
    reserve(width)
    let start = count
    unsafe storage.withUnsafeMutableBytes {
      // SAFETY: `reserve` made room for the integer behind `start`.
      unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: start, as: Integer.self)
    }
    count &+= width
  }

  /// Overwrites a length that was not known when its place was taken.
  @inline(__always)
  mutating func patch(littleEndian value: UInt32, at offset: Int) {
    precondition(offset >= 0 && offset <= count &- 4)
    unsafe storage.withUnsafeMutableBytes {
      // SAFETY: the four bytes are content.
      unsafe $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }
  }

  /// Puts all of `other` over as many bytes of content from `offset` on.
  mutating func replace(at offset: Int, with other: ScratchBytes) {
    precondition(offset >= 0 && offset <= count - other.count)
    let added = other.count
    unsafe storage.withUnsafeMutableBytes { target in
      unsafe other.storage.withUnsafeBytes { source in
        guard added > 0, let source = source.baseAddress else { return }
        // SAFETY: both ranges are content, of two different storages.
        unsafe (target.baseAddress! + offset).copyMemory(from: source, byteCount: added)
      }
    }
  }

  /// How many bytes the varint at `offset` has.
  @inline(__always)
  func varintLength(at offset: Int) -> Int {
    var length = 1
    while storage[offset &+ length &- 1] >= 0x80 { length &+= 1 }
    return length
  }

  /// The first eight of `length` bytes at `offset` as a number that orders as they do, zeros behind
  /// what is shorter.
  @inline(__always)
  func prefix(at offset: Int, length: Int) -> UInt64 {
    precondition(offset >= 0 && offset <= count)
    let word = unsafe storage.withUnsafeBytes {
      // SAFETY: the slack behind the content is at least a word, and initialised.
      unsafe UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    return length >= 8 ? word : length == 0 ? 0 : word & ~(UInt64.max >> UInt64(8 * length))
  }
}
