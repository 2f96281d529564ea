import Platform
import Testing

@testable import Crypto

/// The bytes of a hexadecimal literal.
func hex(_ text: String) -> [UInt8] {
  guard let bytes = Hex.decode(text) else { preconditionFailure("not hexadecimal: \(text)") }
  return bytes
}

/// Spans cannot enter a macro, so tests make keys from arrays.
func verifyingKey(_ bytes: [UInt8]) throws(CryptoError) -> VerifyingKey {
  try VerifyingKey(checking: bytes.span)
}

func signingKey(_ seed: [UInt8]) throws(CryptoError) -> SigningKey {
  try SigningKey(seed: seed.span)
}

@Suite("Ed25519") struct Ed25519Tests {
  struct Vector: Sendable {
    let seed: String
    let publicKey: String
    let message: String
    let signature: String
  }

  /// RFC 8032, 7.1: tests 1, 2, 3 and SHA(abc).
  static let published = [
    Vector(
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      message: "",
      signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    Vector(
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      message: "72",
      signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    Vector(
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      message: "af82",
      signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    Vector(
      seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
      publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
      message: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      signature: "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
        + "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
  ]

  @Test("signs and verifies as RFC 8032 has it", arguments: published)
  func agreesWithPublished(vector: Vector) throws {
    let key = try signingKey(hex(vector.seed))
    #expect(Hex.encode(key.verifyingKey.bytes.span) == vector.publicKey)
    let signature = key.sign(hex(vector.message))
    #expect(signature == hex(vector.signature))
    let reader = try verifyingKey(hex(vector.publicKey))
    #expect(reader == key.verifyingKey)
    #expect(reader.isValid(signature, for: hex(vector.message)))
  }

  @Test("one flipped bit anywhere in signature, message or key is noticed")
  func flippedBits() throws {
    let vector = Self.published[3]
    let (message, signature) = (hex(vector.message), hex(vector.signature))
    let key = try verifyingKey(hex(vector.publicKey))
    for bit in 0..<(signature.count * 8) {
      var changed = signature
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!key.isValid(changed, for: message), "signature bit \(bit)")
    }
    for bit in 0..<(message.count * 8) {
      var changed = message
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(!key.isValid(signature, for: changed), "message bit \(bit)")
    }
    for bit in 0..<256 {
      var changed = key.bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let other = try? verifyingKey(changed) else { continue }  // Refused is noticed too.
      #expect(!other.isValid(signature, for: message), "key bit \(bit)")
    }
  }

  @Test("a signature of any other length is none")
  func lengths() throws {
    let key = try signingKey(hex(Self.published[1].seed))
    let message: [UInt8] = [1, 2, 3]
    let signature = key.sign(message)
    for count in 0..<64 {
      #expect(!key.verifyingKey.isValid(Array(signature[..<count]), for: message))
    }
    #expect(!key.verifyingKey.isValid(signature + [0], for: message))
    #expect(!key.verifyingKey.isValid(signature + signature, for: message))
  }

  /// The order of the group, little-endian.
  static let order: [UInt8] =
    hex("edd3f55c1a631258d69cf7a2def9de14") + [UInt8](repeating: 0, count: 15) + [0x10]

  @Test("S + L, S + 2L, ... are refused: one message has one signature per key and nonce")
  func malleability() throws {
    let vector = Self.published[0]
    let key = try verifyingKey(hex(vector.publicKey))
    var signature = hex(vector.signature)
    // S + 15 L still fits 256 bits; the sixteenth may not.
    for round in 1...14 {
      var carry = 0
      for index in 0..<32 {
        let sum = Int(signature[32 + index]) + Int(Self.order[index]) + carry
        signature[32 + index] = UInt8(truncatingIfNeeded: sum)
        carry = sum >> 8
      }
      try #require(carry == 0)
      #expect(!key.isValid(signature, for: []), "S + \(round) L")
    }
  }

  @Test("S of zero, of L, of all ones, and R of zero are refused")
  func extremes() throws {
    let key = try verifyingKey(hex(Self.published[0].publicKey))
    let good = hex(Self.published[0].signature)
    let halves: [[UInt8]] = [
      [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 32), Self.order,
      [1] + [UInt8](repeating: 0, count: 31),
      [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    ]
    for half in halves {
      #expect(!key.isValid(Array(good[..<32]) + half, for: []))
      #expect(!key.isValid(half + Array(good[32...]), for: []))
      for other in halves { #expect(!key.isValid(half + other, for: [])) }
    }
  }

  @Test("a low-order R is the signer's own business, but its second spelling is not accepted")
  func identityAsR() throws {
    // Made with the key of seed 00 01 … 1f, and a nonce of zero.
    let message = Array("R is the identity".utf8)
    let key = try verifyingKey(
      hex("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"))
    let canonical = hex(
      "0100000000000000000000000000000000000000000000000000000000000000"
        + "78c2ecca1fe05c1baf8a55011c3f9fce9e0763f59f13a4600471032a989cbf0a")
    let secondSpelling = hex(
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        + "a622d02648453daf75ea0e7e3aaf6ea94dd98e36da5ab934a7113e86ffbbbc04")
    #expect(key.isValid(canonical, for: message))
    #expect(!key.isValid(secondSpelling, for: message))
  }

  @Test("verification is without the cofactor: a mixed-order key's torsion counts")
  func mixedOrder() throws {
    // The key of seed 00 01 … 1f plus a point of order 8; k = H(R, A, M) modulo 8 beside each.
    let key = try verifyingKey(
      hex("b154bd62188ae283dd187fefe8c31f5e276edf083b4cff11c9d5cff856c74440"))
    let signatures: [(k: Int, message: String, signature: String)] = [
      (
        7, "mixed order 0",
        "77147ec02fe9ddba30966af6bde8052e0fd792fc9052d19e963e091f00298563"
          + "3024f53d874a71bafae26201d762749ab58e8b4704c6f9acb58fcd36565a790d"
      ),
      (
        4, "mixed order 3",
        "f677625de0c5c62af2a2e9f99a6dabfe17025dcedfcf76ebf4f8d17b79f66ac8"
          + "841efd610e99e6e5f26ecd3204163d9722f6be27ab99da274dc475f5438c810d"
      ),
      (
        0, "mixed order 5",
        "ea734ac499a74fdcd037edce65aaf18bc4e110b853b42a662635e8ffc5172ba6"
          + "49a45725f86bd6b9e5c2c651650d8a1eb86ac360f099943a6fc6224564357507"
      ),
    ]
    for (k, message, signature) in signatures {
      #expect(key.isValid(hex(signature), for: Array(message.utf8)) == (k == 0))
    }
  }

  /// The eight points of small order, then their six other encodings.
  static let lowOrder = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  ]

  @Test("a point of small order is no key, however it is spelled", arguments: lowOrder)
  func lowOrderKeys(encoded: String) {
    #expect(throws: CryptoError.lowOrderKey) { try verifyingKey(hex(encoded)) }
  }

  @Test("a y of p + 2 or more is no key", arguments: UInt8(0xEF)...0xFF)
  func nonCanonicalKeys(lowest: UInt8) {
    for highest: UInt8 in [0x7F, 0xFF] {
      let key = [lowest] + [UInt8](repeating: 0xFF, count: 30) + [highest]
      #expect(throws: CryptoError.nonCanonicalKey) { try verifyingKey(key) }
    }
  }

  @Test("a key has 32 bytes", arguments: [0, 1, 31, 33, 64])
  func keyLengths(count: Int) {
    let bytes = [UInt8](repeating: 9, count: count)
    #expect(throws: CryptoError.wrongLength(expected: 32, got: count)) { try verifyingKey(bytes) }
    #expect(throws: CryptoError.wrongLength(expected: 32, got: count)) { try signingKey(bytes) }
  }

  @Test("generated keys differ, come back from their seed, and follow the source of chance")
  func generation() throws {
    let first = try SigningKey.generate()
    let second = try SigningKey.generate()
    #expect(first.key.verifyingKey != second.key.verifyingKey)
    #expect(try signingKey(first.seed).verifyingKey == first.key.verifyingKey)
    let seeded = try SigningKey.generate(from: SeededRandom(seed: 3))
    let again = try SigningKey.generate(from: SeededRandom(seed: 3))
    #expect(seeded.key.verifyingKey == again.key.verifyingKey)
    #expect(!second.key.verifyingKey.isValid(first.key.sign([1]), for: [1]))
  }

  @Test("one key signs and verifies from many tasks at once")
  func concurrentUse() async throws {
    let key = try signingKey(hex(Self.published[0].seed))
    let valid = await withTaskGroup(of: Int.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<50).count { round in
            let message = [UInt8(task), UInt8(round)]
            return key.verifyingKey.isValid(key.sign(message), for: message)
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(valid == 400)
  }
}
