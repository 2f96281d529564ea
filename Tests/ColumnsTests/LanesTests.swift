import Columns
import Platform
import Testing

@Suite("Lanes") struct LanesTests {
  /// Bit by bit, as the layout says it.
  static func model(_ values: [UInt32], width: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: width * 128)
    for (index, value) in values.enumerated() {
      for bit in 0..<width where value >> UInt32(bit) & 1 == 1 {
        let place = index / 32 * width + bit
        let byte = (place / 32 * 32 + index % 32) * 4 + place % 32 / 8
        bytes[byte] |= 1 << UInt8(place % 8)
      }
    }
    return bytes
  }

  static func values(_ count: Int, width: Int, seed: UInt64) -> [UInt64] {
    var random = RandomGenerator(SeededRandom(seed: seed))
    return (0..<count).map { _ in
      width == 0 ? 0 : random.next() >> UInt64.random(in: UInt64(64 - width)...64, using: &random)
    }
  }

  @Test("a packed block is what the layout says and comes back", arguments: 0...32)
  func narrow(width: Int) {
    for count in [0, 1, 31, 32, 33, 1000, 1023, 1024] {
      let values = Self.values(count, width: width, seed: UInt64(count)).map { UInt32($0) }
      var bytes: [UInt8] = [7]
      Lanes.pack(values.span, width: width, appendingTo: &bytes)
      #expect(Array(bytes.dropFirst()) == Self.model(values, width: width))
      let packed = bytes.span.extracting(droppingFirst: 1)
      let padded = values + [UInt32](repeating: 0, count: 1024 - count)
      var back = [UInt32](repeating: 9, count: 1024)
      var target = back.mutableSpan
      Lanes.unpack(packed, width: width, into: &target)
      #expect(back == padded)
      for index in stride(from: 0, to: 1024, by: 7) {
        let value = Lanes.value(at: index, width: width, of: packed)
        #expect(value == padded[index])
      }
      #expect(Lanes.width(of: values.span) <= width)
    }
  }

  @Test("narrow codes come back in narrow types", arguments: 0...16)
  func narrowTypes(width: Int) {
    let values = Self.values(1024, width: width, seed: 5).map { UInt32($0) }
    var bytes: [UInt8] = []
    Lanes.pack(values.span, width: width, appendingTo: &bytes)
    var halves = [UInt16](repeating: 9, count: 1024)
    var halvesTarget = halves.mutableSpan
    Lanes.unpack(bytes.span, width: width, into: &halvesTarget)
    #expect(halves.map { UInt32($0) } == values)
    guard width <= 8 else { return }
    var octets = [UInt8](repeating: 9, count: 1024)
    var octetsTarget = octets.mutableSpan
    Lanes.unpack(bytes.span, width: width, into: &octetsTarget)
    #expect(octets.map { UInt32($0) } == values)
  }

  @Test("wide numbers come back with their base added", arguments: 0...64)
  func wide(width: Int) {
    let values = Self.values(1000, width: width, seed: UInt64(width))
    var bytes: [UInt8] = []
    Lanes.pack(wide: values.span, width: width, appendingTo: &bytes)
    #expect(bytes.count == Lanes.byteCount(width: width))
    let padded = values + [UInt64](repeating: 0, count: 24)
    for base in [0, -5, Int64.max, .min] {
      var signed = [Int64](repeating: 9, count: 1024)
      var signedTarget = signed.mutableSpan
      Lanes.unpack(bytes.span, width: width, adding: base, into: &signedTarget)
      #expect(signed == padded.map { base &+ Int64(bitPattern: $0) })
      var unsigned = [UInt64](repeating: 9, count: 1024)
      var unsignedTarget = unsigned.mutableSpan
      Lanes.unpack(
        bytes.span, width: width, adding: UInt64(bitPattern: base), into: &unsignedTarget)
      #expect(unsigned == padded.map { UInt64(bitPattern: base) &+ $0 })
    }
    for index in stride(from: 0, to: 1024, by: 5) {
      let value = Lanes.wideValue(at: index, width: width, of: bytes.span)
      #expect(value == padded[index])
    }
  }
}
