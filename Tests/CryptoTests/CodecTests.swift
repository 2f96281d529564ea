import Platform
import Testing

@testable import Crypto

@Suite("Hex and base64") struct CodecTests {
  @Test(
    "encodes as RFC 4648 has it",
    arguments: [
      ("", "", ""), ("f", "Zg==", "66"), ("fo", "Zm8=", "666f"), ("foo", "Zm9v", "666f6f"),
      ("foob", "Zm9vYg==", "666f6f62"), ("fooba", "Zm9vYmE=", "666f6f6261"),
      ("foobar", "Zm9vYmFy", "666f6f626172"),
    ])
  func published(plain: String, base64: String, hexadecimal: String) {
    let bytes = Array(plain.utf8)
    let (standard, url, digits) = (
      Base64.standard.encode(bytes.span), Base64.url.encode(bytes.span), Hex.encode(bytes.span)
    )
    #expect(standard == base64)
    #expect(url == String(base64.prefix { $0 != "=" }))
    #expect(digits == hexadecimal)
  }

  @Test("what is written is read back, at every length", arguments: 0..<40)
  func roundTrips(count: Int) {
    var random = RandomGenerator(SeededRandom(seed: UInt64(count)))
    let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    let (standard, url, digits) = (
      Base64.standard.encode(bytes.span), Base64.url.encode(bytes.span), Hex.encode(bytes.span)
    )
    #expect(Base64.standard.decode(standard) == bytes)
    #expect(Base64.url.decode(url) == bytes)
    #expect(Hex.decode(digits) == bytes)
  }

  @Test(
    "refuses every other spelling",
    arguments: [
      "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "=", "==", "====", "Z", "Z===", "Zg==Zg==",
      "Zm9v\n", " Zm9v", "Zm9v====", "Zm-_", "Zm9vé", "A=AA", "AA=A",
    ])
  func refusesStandard(text: String) {
    #expect(Base64.standard.decode(text) == nil)
  }

  @Test(
    "refuses every other spelling in URLs",
    arguments: ["Zg==", "Zh", "Zm9", "Z", "Zm+/", "Zm9vA", "Zm 8", "_", "__w=", "_-8\u{0}"])
  func refusesURL(text: String) {
    #expect(Base64.url.decode(text) == nil)
  }

  @Test("two letters beside each other: exactly the 256 that encode read one byte")
  func everyPair() {
    var read = 0
    for first in UInt8.min ... .max {
      for second in UInt8.min..<128 where first < 128 {
        let text = String(decoding: [first, second], as: UTF8.self)
        guard let bytes = Base64.url.decode(text) else { continue }
        read += 1
        let again = Base64.url.encode(bytes.span)
        #expect(again == text)
      }
    }
    #expect(read == 256)
  }

  @Test(
    "refuses odd, upper-case and foreign digits", arguments: ["0", "0G", "AB", "0x", "é", "00 "])
  func refusesHex(text: String) {
    #expect(Hex.decode(text) == nil)
  }
}

@Suite("Secrets") struct SecretTests {
  static let write = Secret.Kind(code: "trw")

  @Test("hold the bits they promise")
  func sizes() {
    #expect(Self.write.characterCount == 22)
    #expect(Secret.Kind(code: "tre", bits: 256).characterCount == 43)
  }

  @Test("are read back as they were made, and match the digest that was kept")
  func roundTrips() throws {
    for seed in UInt64(0)..<50 {
      let made = Secret.generate(Self.write, from: SeededRandom(seed: seed))
      let read = try #require(Secret(made.text))
      #expect(read.prefix == made.prefix)
      #expect(read.matches(made.digest))
      #expect(made.text.hasPrefix(made.prefix + "_"))
      #expect(made.text.utf8.count == 3 + 1 + 8 + 1 + 22)
      let other = Secret.generate(Self.write)
      #expect(!other.matches(made.digest))
    }
  }

  @Test("use all 62 characters evenly")
  func evenness() {
    var counts: [Character: Int] = [:]
    let source = SeededRandom(seed: 1)
    for _ in 0..<2000 {
      for character in Secret.generate(Self.write, from: source).text.dropFirst(13) {
        counts[character, default: 0] += 1
      }
    }
    // 44,000 characters: 710 of each, give or take six deviations.
    #expect(counts.count == 62)
    #expect(counts.values.allSatisfy { (550...870).contains($0) })
  }

  @Test("show only their public part where they are printed")
  func redaction() {
    let secret = Secret.generate(Self.write)
    var dumped = ""
    dump(secret, to: &dumped)
    for shown in ["\(secret)", String(reflecting: secret), dumped] {
      #expect(shown.contains(secret.prefix))
      #expect(!shown.contains(secret.text.dropFirst(13)))
    }
  }

  @Test(
    "nothing of another shape is read",
    arguments: [
      "", "_", "__", "trw__", "trw_12345678_", "trw_1234567_abc", "trw_123456789_abc",
      "TRW_12345678_abc", "trw_12345678_ab-c", "trw_1234567é_abc", "_12345678_abc",
      "trw_12345678_abc_d", "trw_12345678_abc\n",
    ])
  func refusals(text: String) {
    #expect(Secret(text) == nil)
  }
}
