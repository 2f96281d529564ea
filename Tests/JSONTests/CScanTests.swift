import CScan
import TestSupport
import Testing

@Suite("Scans") struct CScanTests {
  @Test("each scan stops where a byte by byte look does", arguments: UInt64(0)..<64)
  func agreesWithModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let special: [UInt8] = [0x00, 0x1F, 0x20, 0x21, 0x22, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0xFF]
    for length in 0..<80 {
      var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
      for _ in 0..<Int.random(in: 0...3, using: &random) where length > 0 {
        bytes[Int.random(in: 0..<length, using: &random)] =
          special[Int.random(in: 0..<special.count, using: &random)]
      }
      let plain = bytes.firstIndex { $0 < 0x20 || $0 >= 0x80 || $0 == 0x22 || $0 == 0x5C }
      let unescaped = bytes.firstIndex { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }
      // SAFETY: the array is as long as its count says.
      #expect(unsafe cscan_plain(bytes, length) == plain ?? length)
      #expect(unsafe cscan_plain_portable(bytes, length) == plain ?? length)
      #expect(unsafe cscan_unescaped(bytes, length) == unescaped ?? length)
    }
  }
}
