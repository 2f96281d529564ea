import Columns
import Platform
import Testing

@Suite("Columns of numbers") struct NumberTests {
  @Test("integers come back, and cuts are noticed", arguments: UInt64(0)..<40)
  func integers(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let count = Int.random(in: 1...150, using: &random)
    let mask: Int64 = [0, 0xFF, 0xFFFF, .max, -1].randomElement(using: &random) ?? 0
    let values = (0..<count).map { _ in random.integer() & mask }
    let body = Body { IntegerColumn.encode(values, into: &$0) }
    let back = try body.decode { reader, bytes in
      try IntegerColumn.decode(count, from: &reader, bytes.span)
    }
    #expect(back == values)
    body.survivesDamage(seed: seed) { reader, bytes in
      _ = try IntegerColumn.decode(count, from: &reader, bytes.span)
    }
  }

  @Test("noise lies apart from what a coder can shrink")
  func noise() {
    var random = RandomGenerator(SeededRandom(seed: 1))
    let values = (0..<1000).map { _ in Int64.random(in: -(1 << 19)..<(1 << 19), using: &random) }
    let body = Body { IntegerColumn.encode(values, into: &$0) }
    #expect(body.dense.count == 2000)
    #expect(body.codes.count == 1002)
    let small = Body { IntegerColumn.encode((0..<1000).map { $0 % 50 }, into: &$0) }
    #expect(small.dense.isEmpty)
    let none = Body { IntegerColumn.encode([Int64](repeating: 0, count: 1000), into: &$0) }
    #expect(none.bytes == [0])
  }

  @Test("sums undo differences, whatever wraps")
  func differences() {
    let values: [Int64] = [5, .max, .min, 0, -1, .min, .max, 7, 7]
    #expect(IntegerColumn.differences([3, 10, 4]) == [3, 7, -6])
    #expect(IntegerColumn.differences([3, 10, 4], from: 3) == [0, 7, -6])
    #expect(IntegerColumn.sums(IntegerColumn.differences(values)) == values)
    #expect(IntegerColumn.sums(IntegerColumn.differences(values, from: .max), from: .max) == values)
  }

  @Test("packed numbers are the bits of their values in turn", arguments: 1...32)
  func packing(width: Int) throws {
    var random = RandomGenerator(SeededRandom(seed: UInt64(width)))
    for count in [0, 1, 2, 7, 8, 9, 33] {
      let values = (0..<count).map { _ in UInt32(random.next() >> UInt64(64 - width)) }
      let body = Body { PackedColumn.encode(values, width: width, into: &$0) }
      var model: [UInt8] = []
      let bits = values.flatMap { value in (0..<width).map { value >> UInt32($0) & 1 } }
      for start in stride(from: 0, to: bits.count, by: 8) {
        let eight = bits[start..<min(start + 8, bits.count)].enumerated()
        model.append(eight.reduce(0) { $0 | UInt8($1.element) << UInt8($1.offset) })
      }
      #expect(body.dense == model)
      let back = try body.decode { reader, bytes in
        try PackedColumn.decode(count, width: width, from: &reader, bytes.span)
      }
      #expect(back == values)
      body.survivesDamage(seed: 1) { reader, bytes in
        _ = try PackedColumn.decode(count, width: width, from: &reader, bytes.span)
      }
    }
  }

  @Test("bits come back, and bits behind the last must be zero", arguments: 0...20)
  func bits(count: Int) throws {
    let bits = (0..<count).map { $0 % 3 == 0 || $0 == 13 }
    let body = Body { BitColumn.encode(bits, into: &$0) }
    let back = try body.decode { reader, bytes in
      try BitColumn.decode(count, from: &reader, bytes.span)
    }
    #expect(back == bits)
    guard count % 8 != 0 else { return }
    var padded = body
    padded.codes[padded.codes.count - 1] |= 0x80
    #expect(throws: ColumnProblem.badPadding(at: padded.codes.count - 1)) {
      try padded.decode { reader, bytes in
        _ = try BitColumn.decode(count, from: &reader, bytes.span)
      }
    }
  }

  static let doubles: [[Double]] = [
    [12.5, 0.07, 1_999.99, 0, 3, -4.25],
    [0.1 + 0.2, 1.0 / 3, 12.5, 7],
    [-0.0, 0.0, .infinity, -.infinity, .greatestFiniteMagnitude, .leastNonzeroMagnitude],
    [1e300, 2e300], [9_007_199_254_740_992, 9_007_199_254_740_994, 0.000_000_001], [-0.0],
    (0..<200).map { Double($0) * 0.01 }, (0..<200).map { Double($0) / 100 },
    [52.520_008, 13.404_954, -33.868_82], [1_767_571_330.437, 1_767_571_330.5],
  ]

  @Test("doubles come back bit by bit", arguments: doubles)
  func decimals(values: [Double]) throws {
    let patterns = values.map(\.bitPattern)
    let body = Body { DecimalColumn.encode(patterns, into: &$0) }
    let back = try body.decode { reader, bytes in
      try DecimalColumn.decode(values.count, from: &reader, bytes.span)
    }
    #expect(back == patterns)
    body.survivesDamage(seed: 3) { reader, bytes in
      _ = try DecimalColumn.decode(values.count, from: &reader, bytes.span)
    }
  }

  @Test("any bit pattern comes back as it is", arguments: UInt64(0)..<20)
  func patterns(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let patterns = (0..<100).map { _ in
      Bool.random(using: &random)
        ? random.next() : (Double(random.integer() & 0xFFFFFF) / 1000).bitPattern
    }
    let body = Body { DecimalColumn.encode(patterns, into: &$0) }
    let back = try body.decode { reader, bytes in
      try DecimalColumn.decode(patterns.count, from: &reader, bytes.span)
    }
    #expect(back == patterns)
  }

  @Test("prices cost what their cents cost")
  func pricesAreCents() {
    let body = Body { DecimalColumn.encode([19.99, 5.0, 1.25].map(\.bitPattern), into: &$0) }
    #expect(body.bytes == [2, 0, 2, 0, 0x9E, 0xE8, 0xFA, 0x0F, 0x03, 0x00])
  }

  @Test("numbers carried over by a person come back", arguments: UInt64(0)..<20)
  func carried(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let people = UInt32.random(in: 1...9, using: &random)
    let groups = (0..<200).map { _ in UInt32.random(in: 0..<people, using: &random) }
    let habits = (0..<people).map { _ in UInt64(bitPattern: random.integer()) }
    let values = groups.map { group in
      UInt64.random(in: 0..<10, using: &random) < seed ? habits[Int(group)] : random.next() >> 8
    }
    for content in [NumberColumn.Content.integers, .doubles] {
      var carry = Carry(groups: Int(people))
      let body = Body { writer in
        NumberColumn.encode(
          values, groups: groups.span, content: content, carry: &carry, into: &writer)
      }
      let decode = { (reader: inout ColumnReader, bytes: [UInt8]) throws -> [UInt64] in
        try NumberColumn.decode(
          groups: groups.span, content: content, carry: &carry, from: &reader, bytes.span)
      }
      let back = try body.decode(decode)
      #expect(back == values)
      body.survivesDamage(seed: seed) { reader, bytes in _ = try decode(&reader, bytes) }
    }
  }
}
