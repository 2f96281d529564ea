/// Reads gzip (RFC 1952), members one behind another, cut anywhere. Checksum and length of every
/// member are checked; what follows the last one must be another member.
struct GzipDecoder: ~Copyable {
  private enum State {
    case header(read: Int)
    case extraLength(read: Int)
    case extra(left: Int)
    case name, comment
    case headerChecksum(read: Int)
    case body
    case trailer(read: Int)
  }

  private struct Flags {
    static let headerChecksum: UInt8 = 2
    static let extra: UInt8 = 4
    static let name: UInt8 = 8
    static let comment: UInt8 = 16
    static let reserved: UInt8 = 0xE0
  }

  private var inflate = Inflate()
  private var state = State.header(read: 0)
  private var flags: UInt8 = 0
  private var headerCRC = CRC32()
  private var bodyCRC = CRC32()
  private var bodyCount: UInt32 = 0
  private var field: UInt64 = 0
  private var hasMember = false

  init() {}

  /// True between members, once there was one: where the input may end.
  var isAtEnd: Bool {
    if case .header(read: 0) = state { hasMember && inflate.bits.count < 8 } else { false }
  }

  mutating func push(
    _ input: Span<UInt8>, into output: inout [UInt8], room: Int, limit: Int
  ) throws(CompressionError) {
    var position = 0
    var room = room
    while true {
      if case .body = state {
        let before = output.count
        try inflate.run(input, &position, into: &output, room: room, limit: limit)
        let fresh = output.count - before
        room -= fresh
        bodyCRC.update(output.span.extracting(before..<output.count))
        bodyCount &+= UInt32(truncatingIfNeeded: fresh)
        guard inflate.isDone else { return }
        (state, field) = (.trailer(read: 0), 0)
      }
      guard let byte = inflate.bits.byte(input, &position) else { return }
      if case .trailer(let read) = state {
        try trailer(byte, read)
      } else {
        try header(byte)
      }
    }
  }

  private mutating func header(_ byte: UInt8) throws(CompressionError) {
    if case .headerChecksum = state {} else { headerCRC.update(byte) }
    switch state {
    case .header(let read): try fixedHeader(byte, read)
    case .extraLength(let read):
      field |= UInt64(byte) << UInt64(8 * read)
      state = read == 0 ? .extraLength(read: 1) : .extra(left: Int(field))
      if case .extra(left: 0) = state { afterExtra() }
    case .extra(let left):
      state = .extra(left: left - 1)
      if left == 1 { afterExtra() }
    case .name: if byte == 0 { afterName() }
    case .comment: if byte == 0 { afterComment() }
    case .headerChecksum(let read):
      guard byte == UInt8(truncatingIfNeeded: headerCRC.value >> UInt32(8 * read)) else {
        throw .malformed(.headerChecksum)
      }
      state = read == 0 ? .headerChecksum(read: 1) : .body
    case .body, .trailer: preconditionFailure("no header")
    }
  }

  /// Magic, method, flags; then time, hints and system, which say nothing about the bytes.
  private mutating func fixedHeader(_ byte: UInt8, _ read: Int) throws(CompressionError) {
    switch read {
    case 0 where byte != 0x1F, 1 where byte != 0x8B:
      throw .malformed(hasMember ? .trailingBytes : .header)
    case 2 where byte != 8: throw .malformed(.header)
    case 3:
      guard byte & Flags.reserved == 0 else { throw .malformed(.reservedFlag) }
      flags = byte
    default: break
    }
    state = .header(read: read + 1)
    guard read == 9 else { return }
    field = 0
    if flags & Flags.extra != 0 { state = .extraLength(read: 0) } else { afterExtra() }
  }

  private mutating func afterExtra() {
    if flags & Flags.name != 0 { state = .name } else { afterName() }
  }

  private mutating func afterName() {
    if flags & Flags.comment != 0 { state = .comment } else { afterComment() }
  }

  private mutating func afterComment() {
    state = flags & Flags.headerChecksum != 0 ? .headerChecksum(read: 0) : .body
  }

  /// CRC-32 of the plain bytes, then their count modulo 2^32.
  private mutating func trailer(_ byte: UInt8, _ read: Int) throws(CompressionError) {
    field |= UInt64(byte) << UInt64(8 * read)
    state = .trailer(read: read + 1)
    if read == 3, field != UInt64(bodyCRC.value) { throw .malformed(.checksum) }
    guard read == 7 else { return }
    guard UInt32(truncatingIfNeeded: field >> 32) == bodyCount else { throw .malformed(.length) }
    hasMember = true
    inflate.restart()
    (bodyCRC, headerCRC, bodyCount) = (CRC32(), CRC32(), 0)
    state = .header(read: 0)
  }
}
