import Platform
import Testing

@testable import Crypto

@Suite("SHA-256") struct SHA256Tests {
  @Test(
    "has the published digests (FIPS 180-4)",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopq"
          + "klmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func agreesWithPublished(text: String, digest: String) {
    #expect(sha256(text).hex == digest)
  }

  @Test("has the published digest of a million times \"a\", in uneven pieces")
  func million() {
    let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 997)
    var hash = SHA256()
    var left = 1_000_000
    while left > 0 {
      hash.update(piece.span.extracting(first: min(left, piece.count)))
      left -= min(left, piece.count)
    }
    let digest = hash.finish()
    #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  /// Of the bytes 0, 1, ... modulo 251, by Python's hashlib.
  static let aroundBlocks = [
    (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    (3, "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"),
    (31, "4f23c2ca8c5c962e50cd31e221bfb6d0adca19111dca8e0c62598ff146dd19c4"),
    (32, "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"),
    (55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"),
    (56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"),
    (57, "2fe741af801cc238602ac0ec6a7b0c3a8a87c7fc7d7f02a3fe03d1c12eac4d8f"),
    (63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"),
    (64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"),
    (65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"),
    (111, "60780e9451bdc43cf4530ffc95cbb0c4eb24dae2c39f55f334d679e076c08065"),
    (112, "09373f127d34e61dbbaa8bc4499c87074f2ddb10e1b465f506d7d70a15011979"),
    (119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"),
    (120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"),
    (127, "92ca0fa6651ee2f97b884b7246a562fa71250fedefe5ebf270d31c546bfea976"),
    (128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"),
    (129, "5099c6a56203f9687f7d33f4bfdf576d31dc91f6b695ecea38b2770c87631135"),
    (1000, "4e4c294b331f7a2099a379bec34b9f9fc03dc46ab465d998f4d683da53487e6d"),
  ]

  @Test("is right around the edges of blocks, whole and cut at every byte", arguments: aroundBlocks)
  func agreesAroundBlocks(count: Int, digest: String) {
    let bytes = (0..<count).map { UInt8($0 % 251) }
    let whole = sha256(bytes.span)
    #expect(whole.hex == digest)
    var hash = SHA256()  // One for all cuts: finishing begins anew.
    for cut in 0...count {
      hash.update(bytes.span.extracting(first: cut))
      hash.update(bytes.span.extracting(droppingFirst: cut))
      let inTwo = hash.finish()
      #expect(inTwo == whole)
    }
  }

  @Test("an abandoned hash leaves nothing behind for the next")
  func abandoned() {
    do {
      var hash = SHA256()
      let bytes: [UInt8] = [1, 2, 3]
      hash.update(bytes.span)
    }
    for _ in 0..<4 { #expect(sha256("abc").hex.hasPrefix("ba7816bf")) }
  }

  @Test("many threads hash at once")
  func concurrentUse() async {
    let right = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { (0..<500).count { _ in sha256("abc").hex.hasSuffix("f20015ad") } }
      }
      return await group.reduce(0, +)
    }
    #expect(right == 4000)
  }
}

@Suite("Digest") struct DigestTests {
  @Test("goes to bytes and text and back, and orders as its bytes do")
  func roundTrips() {
    var digests = (0..<100).map { sha256("\($0)") }
    for digest in digests {
      let bytes = digest.bytes
      let fromBytes = Digest(bytes.span)
      #expect(fromBytes == digest)
      #expect(Digest(hex: digest.hex) == digest)
      #expect(digest.hex.count == 64)
    }
    let byBytes = digests.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    digests.sort()
    #expect(digests == byBytes)
    #expect(Set(digests).count == 100)
  }

  @Test("refuses other lengths and other spellings")
  func refusals() {
    let short = [UInt8](repeating: 0, count: 31)
    let fromShort = Digest(short.span)
    #expect(fromShort == nil)
    let text = sha256("x").hex
    #expect(Digest(hex: text.uppercased()) == nil)
    #expect(Digest(hex: String(text.dropLast())) == nil)
    #expect(Digest(hex: text + "00") == nil)
    #expect(Digest(hex: " " + text.dropFirst()) == nil)
  }

  @Test("constant-time equality agrees with plain equality at every byte")
  func constantTime() {
    let digest = sha256("x")
    #expect(digest.isEqual(inConstantTimeTo: sha256("x")))
    for index in 0..<32 {
      var bytes = digest.bytes
      bytes[index] ^= 0x10
      let other = Digest(bytes.span)
      #expect(other.map { digest.isEqual(inConstantTimeTo: $0) } == false)
      let equal = constantTimeEqual(bytes.span, digest.bytes.span)
      #expect(!equal)
    }
    let same = digest.bytes
    let (equal, shorter) = (
      constantTimeEqual(same.span, digest.bytes.span),
      constantTimeEqual(same.span.extracting(first: 31), digest.bytes.span)
    )
    #expect(equal && !shorter)
    let none: [UInt8] = []
    let bothEmpty = constantTimeEqual(none.span, none.span)
    #expect(bothEmpty)
  }
}
