private import COpenSSL
package import Platform

/// The private half of an Ed25519 pair (RFC 8032). Made once and reused from any thread.
package struct SigningKey: Sendable {
  package static let seedByteCount = 32
  package static let signatureByteCount = 64

  private let handle: KeyHandle
  package let verifyingKey: VerifyingKey

  /// The key that this seed stands for. The seed is the secret: whoever has it can sign.
  package init(seed: Span<UInt8>) throws(CryptoError) {
    guard seed.count == Self.seedByteCount else {
      throw .wrongLength(expected: Self.seedByteCount, got: seed.count)
    }
    handle = try KeyHandle(privateKey: seed)
    let publicKey = try handle.rawPublicKey()
    verifyingKey = try VerifyingKey(checking: publicKey.span)
  }

  /// A new key and the seed to keep it by.
  package static func generate(
    from random: any RandomSource = SystemRandom()
  ) throws(CryptoError) -> (key: SigningKey, seed: [UInt8]) {
    let seed = randomBytes(seedByteCount, from: random)
    return (try SigningKey(seed: seed.span), seed)
  }

  /// The 64 bytes of the signature, the same for the same message each time.
  package func sign(_ message: Span<UInt8>) -> [UInt8] { handle.sign(message) }

  package func sign(_ message: [UInt8]) -> [UInt8] { handle.sign(message.span) }
}

/// The public half of an Ed25519 pair: 32 bytes that have been checked.
package struct VerifyingKey: Sendable {
  package static let byteCount = 32

  package let bytes: [UInt8]
  private let handle: KeyHandle

  /// Refuses what a key at enrolment must not be: another length, a y that is not below p, and the
  /// points of small order. (Bytes that are no point of the curve verify no signature at all.)
  package init(checking bytes: Span<UInt8>) throws(CryptoError) {
    guard bytes.count == Self.byteCount else {
      throw .wrongLength(expected: Self.byteCount, got: bytes.count)
    }
    try Self.checkPoint(bytes)
    self.bytes = Array(bytes)
    handle = try KeyHandle(publicKey: bytes)
  }

  /// Whether `signature` is this key's for `message`. Any other length than 64 bytes is not.
  package func isValid(_ signature: Span<UInt8>, for message: Span<UInt8>) -> Bool {
    guard signature.count == SigningKey.signatureByteCount else { return false }
    return handle.verify(signature, for: message)
  }

  package func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool {
    isValid(signature.span, for: message.span)
  }

  /// The key's SHA-256, which operators compare by eye.
  package var fingerprint: Digest { sha256(bytes.span) }

  private static func checkPoint(_ bytes: Span<UInt8>) throws(CryptoError) {
    // The top bit is the sign of x; what is left is y, little-endian.
    var y = Array(bytes)
    y[31] &= 0x7F
    guard !lowOrderY.contains(y) else { throw .lowOrderKey }
    let isBelowPrime = y[31] < 0x7F || y[1..<31].contains { $0 < 0xFF } || y[0] < 0xED
    guard isBelowPrime else { throw .nonCanonicalKey }
  }

  /// The y of every point whose order divides 8, also as p and p + 1. With both signs these are the
  /// eight points and their six other encodings.
  private static let lowOrderY: [[UInt8]] = [
    [0] + [UInt8](repeating: 0, count: 31),
    [1] + [UInt8](repeating: 0, count: 31),
    [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    [0xEE] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
    [
      0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98,
      0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53,
      0xFC, 0x05,
    ],
    [
      0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67,
      0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC,
      0x03, 0x7A,
    ],
  ]
}

extension VerifyingKey: Hashable {
  package static func == (left: VerifyingKey, right: VerifyingKey) -> Bool {
    left.bytes == right.bytes
  }
  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
