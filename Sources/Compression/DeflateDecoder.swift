/// Reads what HTTP calls `deflate`: zlib's wrapper (RFC 1950), or a bare deflate stream, which many
/// clients send instead. The first two bytes tell them apart: as the start of a bare stream, a zlib
/// header would be a stored block whose padding is not zero, and no encoder writes that.
struct DeflateDecoder: ~Copyable {
  private enum State { case header, zlib, bare, checksum(read: Int), done }

  private var inflate = Inflate()
  private var state = State.header
  private var first: UInt8?
  private var checksum = Adler32()

  init() {}

  var isAtEnd: Bool { if case .done = state { true } else { false } }

  mutating func push(
    _ input: Span<UInt8>, into output: inout [UInt8], room: Int, limit: Int
  ) throws(CompressionError) {
    var position = 0
    if case .header = state {
      guard try header(input, &position) else { return }
    }
    switch state {
    case .zlib:
      let before = output.count
      try inflate.run(input, &position, into: &output, room: room, limit: limit)
      checksum.update(output.span.extracting(before..<output.count))
      if inflate.isDone { state = .checksum(read: 0) }
    case .bare:
      try inflate.run(input, &position, into: &output, room: room, limit: limit)
      if inflate.isDone { state = .done }
    case .header, .checksum, .done: break
    }
    while case .checksum(let read) = state, let byte = inflate.bits.byte(input, &position) {
      guard byte == UInt8(truncatingIfNeeded: checksum.value >> UInt32(24 - 8 * read)) else {
        throw .malformed(.checksum)
      }
      state = read == 3 ? .done : .checksum(read: read + 1)
    }
    if case .done = state, position < input.count || inflate.bits.count >= 8 {
      throw .malformed(.trailingBytes)
    }
  }

  /// Chooses by the first two bytes; false while they are not both there.
  private mutating func header(
    _ input: Span<UInt8>, _ position: inout Int
  ) throws(CompressionError) -> Bool {
    while position < input.count {
      let byte = input[position]
      position += 1
      guard let first else {
        self.first = byte
        continue
      }
      let isZlib =
        first & 15 == 8 && first >> 4 <= 7
        && (UInt16(first) << 8 | UInt16(byte)).isMultiple(of: 31)
      if isZlib {
        guard byte & 0x20 == 0 else { throw .malformed(.presetDictionary) }
        state = .zlib
      } else {
        inflate.bits = BitBuffer(bits: UInt64(byte) << 8 | UInt64(first), count: 16)
        state = .bare
      }
      return true
    }
    return false
  }
}
