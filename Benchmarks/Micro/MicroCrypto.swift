import Crypto

/// Signatures over a batch's header, digests of a batch's body and of small things, keyed hashes.
@Sendable func benchmarkCrypto(_ arguments: [String]) throws {
  let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  let small = Array(body[..<32])
  let header = Array(body[..<300])

  let key = try SigningKey.generate().key
  let signature = key.sign(header)
  measure("Ed25519 sign, 300 bytes", bytes: 100 * header.count, items: 100) {
    for _ in 0..<100 { precondition(key.sign(header).count == 64) }
  }
  measure("Ed25519 verify, 300 bytes", bytes: 100 * header.count, items: 100) {
    for _ in 0..<100 { precondition(key.verifyingKey.isValid(signature, for: header)) }
  }
  measure("SHA-256, 100 kB", bytes: 100 * body.count, items: 100) {
    for _ in 0..<100 { precondition(sha256(body.span).words.0 != 0) }
  }
  measure("SHA-256, 32 bytes", bytes: 10_000 * small.count, items: 10_000) {
    for _ in 0..<10_000 { precondition(sha256(small.span).words.0 != 0) }
  }
  let code = HMACKey(small.span)
  measure("HMAC-SHA256, 32 bytes", bytes: 10_000 * small.count, items: 10_000) {
    for _ in 0..<10_000 { precondition(code.authenticate(small.span).words.0 != 0) }
  }
  let hash = SipHash(key: 1, 2)
  measure("SipHash-2-4, 32 bytes", bytes: 100_000 * small.count, items: 100_000) {
    var sum: UInt64 = 0
    for _ in 0..<100_000 { sum &+= hash.hash64(small.span) }
    precondition(sum != 0)
  }
}
