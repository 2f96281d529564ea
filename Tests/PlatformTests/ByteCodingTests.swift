import Testing

@testable import Platform

@Suite("Byte reader and writer") struct ByteCodingTests {
  @Test("what is written is read again", arguments: UInt64(0)..<64)
  func roundTrip(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let numbers = (0..<50).map { _ in random.next() >> UInt64.random(in: 0..<64, using: &random) }
    var writer = ByteWriter()
    for number in numbers {
      writer.append(varint: number)
      writer.append(zigzag: Int64(bitPattern: number))
      writer.append(littleEndian: number)
      writer.append(littleEndian: Int32(truncatingIfNeeded: number))
      writer.append(text: "ü\(number)")
    }
    let bytes = writer.bytes
    var reader = ByteReader()
    for number in numbers {
      let varint = try reader.varint(bytes.span)
      let zigzag = try reader.zigzag(bytes.span)
      let wide = try reader.integer(UInt64.self, bytes.span)
      let narrow = try reader.integer(Int32.self, bytes.span)
      let text = try reader.text(bytes.span)
      #expect(varint == number)
      #expect(zigzag == Int64(bitPattern: number))
      #expect(wide == number)
      #expect(narrow == Int32(truncatingIfNeeded: number))
      #expect(text == "ü\(number)")
    }
    #expect(reader.position == bytes.count)
  }

  @Test("a value cut anywhere is truncated, never read past its end")
  func cutAnywhere() {
    var writer = ByteWriter()
    writer.append(varint: .max)
    for end in 0..<writer.count {
      let cut = Array(writer.bytes[..<end])
      var reader = ByteReader()
      #expect(throws: ByteReader.Problem.truncated(at: end)) { try reader.varint(cut.span) }
    }
  }

  @Test("a varint holds 64 bits and not one more")
  func overlong() {
    let bytes = [UInt8](repeating: 0xFF, count: 9) + [0x02]
    var reader = ByteReader()
    #expect(throws: ByteReader.Problem.overlong(at: 0)) { try reader.varint(bytes.span) }
    let endless = [UInt8](repeating: 0x80, count: 20)
    reader = ByteReader()
    #expect(throws: ByteReader.Problem.overlong(at: 0)) { try reader.varint(endless.span) }
  }

  @Test("a length beyond what is left is refused before anything is allocated")
  func lengthBeyondEnd() {
    var writer = ByteWriter()
    writer.append(varint: UInt64(Int64.max))
    let bytes = writer.bytes
    var reader = ByteReader()
    #expect(throws: ByteReader.Problem.truncated(at: 0)) { try reader.length(bytes.span) }
  }
}
