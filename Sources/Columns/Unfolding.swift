/// The packed entries of one shape, spelled out one after another.
struct Unfolding {
  private let shape: TextShape
  private var packed: ColumnReader.Region
  private var decimals: [Int64] = []
  private var next = 0

  init(
    _ shape: TextShape, entries: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) {
    self.shape = shape
    // At most 65,535 entries of 64 bytes: no overflow.
    packed = ColumnReader.Region(try reader.dense.take(entries * shape.packedCount))
    guard shape.kind == .decimal else { return }
    let start = reader.codes.position
    decimals = try IntegerColumn.decode(entries, from: &reader, bytes)
    let limit = Self.powers[shape.digits == 0 ? TextShape.mostDigits : Int(shape.digits)]
    for value in decimals where value < 0 || value >= limit { throw .badNumber(at: start) }
  }

  mutating func appendNext(
    _ bytes: Span<UInt8>, into arena: inout TextArena
  ) throws(ColumnProblem) {
    try arena.reserve(shape.longestText)
    let start = arena.bytes.count
    arena.append(shape.prefix.range, of: bytes)
    switch shape.kind {
    case .hex:
      for index in try packed.take(shape.packedCount) { appendHex(bytes[index], into: &arena) }
    case .uuid:
      let range = try packed.take(shape.packedCount)
      for index in range {
        switch index - range.lowerBound {
        case 4, 6, 8, 10: arena.append(0x2D)
        default: break
        }
        appendHex(bytes[index], into: &arena)
      }
    case .address:
      let range = try packed.take(shape.packedCount)
      for index in range {
        if index > range.lowerBound { arena.append(0x2E) }
        appendDecimal(Int64(bytes[index]), digits: 1, into: &arena)
      }
    case .decimal:
      appendDecimal(decimals[next], digits: max(1, Int(shape.digits)), into: &arena)
      next += 1
    }
    arena.finishEntry(since: start)
  }

  @inline(__always)
  private func appendHex(_ byte: UInt8, into arena: inout TextArena) {
    arena.append(Self.digit(byte &>> 4))
    arena.append(Self.digit(byte & 15))
  }

  @inline(__always)
  private static func digit(_ nibble: UInt8) -> UInt8 { nibble &+ (nibble < 10 ? 0x30 : 0x57) }

  /// At least `digits` digits, with leading zeros.
  private func appendDecimal(_ value: Int64, digits: Int, into arena: inout TextArena) {
    var length = digits
    while length < TextShape.mostDigits, value >= Self.powers[length] { length += 1 }
    var place = length
    while place > 0 {
      place -= 1
      arena.append(0x30 + UInt8(value / Self.powers[place] % 10))
    }
  }

  private static let powers: [Int64] = (0...TextShape.mostDigits).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }
}
