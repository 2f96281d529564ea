import CLinux
import Testing

@testable import Platform

@Suite("CRC-32C") struct ChecksumTests {
  @Test("has the published check value")
  func knownValue() {
    let digits = Array("123456789".utf8)
    let zeros = [UInt8](repeating: 0, count: 32)
    let ofDigits = crc32c(digits.span)
    let ofZeros = crc32c(zeros.span)
    #expect(ofDigits == 0xE306_9283)
    #expect(ofZeros == 0x8A91_36AA)  // RFC 3720, B.4
  }

  @Test("the instruction and the table agree at every length and cut")
  func portableAgrees() {
    var random = RandomGenerator(SeededRandom(seed: 7))
    let bytes = (0..<200).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    for count in 0...bytes.count {
      let part = Array(bytes[..<count])
      let portable = unsafe part.withUnsafeBytes {
        unsafe clinux_crc32c_portable(0, $0.baseAddress, $0.count)
      }
      let whole = crc32c(part.span)
      #expect(whole == portable)
      let head = Array(bytes[..<(count / 3)])
      let tail = Array(bytes[(count / 3)..<count])
      let inTwo = crc32c(tail.span, continuing: crc32c(head.span))
      #expect(inTwo == portable)
    }
  }
}
