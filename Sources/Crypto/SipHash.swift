/// SipHash-2-4: a keyed hash for tables and sketches that strangers fill. Who does not know the key
/// cannot aim at collisions. About a nanosecond a byte, no allocation. Not for passwords or proofs.
package struct SipHash: Sendable {
  private let first: UInt64
  private let second: UInt64

  package init(key first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  /// A key in 16 little-endian bytes; nil for another count.
  package init?(key bytes: Span<UInt8>) {
    guard bytes.count == 16 else { return nil }
    self.init(key: Self.word(bytes, at: 0), Self.word(bytes, at: 8))
  }

  package func hash64(_ bytes: Span<UInt8>) -> UInt64 {
    var state = State(first, second)
    state.absorb(bytes)
    state.v2 ^= 0xFF
    return state.finish()
  }

  /// 128 bits, as the reference writes them: the low word holds the first eight bytes.
  package func hash128(_ bytes: Span<UInt8>) -> (low: UInt64, high: UInt64) {
    var state = State(first, second)
    state.v1 ^= 0xEE
    state.absorb(bytes)
    state.v2 ^= 0xEE
    let low = state.finish()
    state.v1 ^= 0xDD
    return (low, state.finish())
  }

  @inline(__always)
  fileprivate static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
    // SAFETY: every caller has checked that eight bytes follow; the load need not be aligned.
    unsafe bytes.withUnsafeBytes {
      UInt64(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
  }
}

private struct State {
  var v0: UInt64
  var v1: UInt64
  var v2: UInt64
  var v3: UInt64

  init(_ first: UInt64, _ second: UInt64) {
    v0 = first ^ 0x736F_6D65_7073_6575
    v1 = second ^ 0x646F_7261_6E64_6F6D
    v2 = first ^ 0x6C79_6765_6E65_7261
    v3 = second ^ 0x7465_6462_7974_6573
  }

  @inline(__always)
  mutating func absorb(_ bytes: Span<UInt8>) {
    let count = bytes.count
    var offset = 0
    while count &- offset >= 8 {
      compress(SipHash.word(bytes, at: offset))
      offset &+= 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    var shift: UInt64 = 0
    while offset < count {
      last |= UInt64(bytes[offset]) << shift
      shift &+= 8
      offset &+= 1
    }
    compress(last)
  }

  @inline(__always)
  private mutating func compress(_ word: UInt64) {
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  @inline(__always)
  mutating func finish() -> UInt64 {
    round()
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  @inline(__always)
  private mutating func round() {
    v0 &+= v1
    v1 = v1 << 13 | v1 >> 51
    v1 ^= v0
    v0 = v0 << 32 | v0 >> 32
    v2 &+= v3
    v3 = v3 << 16 | v3 >> 48
    v3 ^= v2
    v0 &+= v3
    v3 = v3 << 21 | v3 >> 43
    v3 ^= v0
    v2 &+= v1
    v1 = v1 << 17 | v1 >> 47
    v1 ^= v2
    v2 = v2 << 32 | v2 >> 32
  }
}
