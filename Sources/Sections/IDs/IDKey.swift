package import Events

// The key of an id, by which ids are sorted: 74 bits, as many as an id has beside its time, and with
// the time they give the id back. Of the id's 12 random bits the lower 10 are the `tail`; the upper
// two and the 62 others are `chance`:
//
//   pad     low word XOR high word of ((time << 10 | tail) XOR secret 0) × (secret 1 | 1), 128 bits
//   value   finish(chance XOR pad)
//   finish  v ^= v >> 33, v *= C1, v ^= v >> 33, v *= C2, v ^= v >> 33
//
// Good random bits stay as good. Constant ones, or a counter's, spread as evenly: the pad differs
// with the time and the tail, and `finish` carries each of the others to the top. Without the secret
// nobody can choose ids whose keys crowd together.

/// Where an id stands among others, wherever it is looked for.
package struct IDKey: Hashable, Sendable {
  /// The leading 64 bits.
  package let value: UInt64
  /// The other 10.
  package let tail: UInt16

  package static let tailWidth = 10
}

/// Turns ids into keys and back; one for a project, for ever, for its files are sorted by it.
package struct IDMix: Sendable, Equatable {
  private let time: UInt64
  private let factor: UInt64

  package init(secret: (UInt64, UInt64)) {
    time = secret.0
    factor = secret.1 | 1
  }

  /// Says in a file which mix its keys are made by, without saying the secret.
  package var mark: UInt64 { Self.finish(pad(milliseconds: 0x5EC7_104D, tail: 0)) }

  @inline(__always)
  package func key(of id: EventID) -> IDKey {
    let tail = id.high & 0x3FF
    let chance = (id.high >> 10 & 3) << 62 | id.low & (1 << 62 - 1)
    let pad = pad(milliseconds: id.high >> 16, tail: tail)
    return IDKey(value: Self.finish(chance ^ pad), tail: UInt16(truncatingIfNeeded: tail))
  }

  /// The id of this time with this key.
  @inline(__always)
  package func id(_ key: IDKey, milliseconds: Int64) -> EventID {
    let tail = UInt64(key.tail)
    let chance =
      Self.unfinish(key.value) ^ pad(milliseconds: UInt64(bitPattern: milliseconds), tail: tail)
    return EventID(milliseconds: milliseconds, chance: ((chance >> 62) << 10 | tail, chance))
  }

  @inline(__always)
  private func pad(milliseconds: UInt64, tail: UInt64) -> UInt64 {
    let product = ((milliseconds &<< 10 | tail) ^ time).multipliedFullWidth(by: factor)
    return product.high ^ product.low
  }

  // The finisher of MurmurHash3, and its inverse: the constants are inverse modulo 2^64.

  @inline(__always)
  private static func finish(_ start: UInt64) -> UInt64 {
    var value = start
    value ^= value >> 33
    value = value &* 0xFF51_AFD7_ED55_8CCD
    value ^= value >> 33
    value = value &* 0xC4CE_B9FE_1A85_EC53
    return value ^ value >> 33
  }

  @inline(__always)
  private static func unfinish(_ end: UInt64) -> UInt64 {
    var value = end
    value ^= value >> 33
    value = value &* 0x9CB4_B2F8_1293_37DB
    value ^= value >> 33
    value = value &* 0x4F74_430C_22A5_4005
    return value ^ value >> 33
  }
}
