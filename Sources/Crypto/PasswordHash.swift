private import COpenSSL
package import Platform

/// A password as it is kept: scrypt with N = 2^15, r = 8, p = 3, which costs whoever guesses half a
/// second and 39 MB for each try.
package struct PasswordHash: Hashable, Sendable {
  /// `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, both in base64url.
  package let text: String

  private static let logN: UInt64 = 15
  private static let blockSize: UInt64 = 8
  private static let lanes: UInt64 = 3
  private static let byteCount = 32
  /// What the parameters need, and a little; OpenSSL refuses to take more than it is told.
  private static let memory: UInt64 = 64 << 20

  /// Hashes a password with a salt of its own. It blocks for half a second.
  package init(of password: String, random: any RandomSource) throws(CryptoError) {
    let salt = randomBytes(16, from: random)
    let hash = try Self.derive(password, salt)
    text =
      "$scrypt$ln=\(Self.logN),r=\(Self.blockSize),p=\(Self.lanes)$"
      + Base64.url.encode(salt.span) + "$" + Base64.url.encode(hash.span)
  }

  /// A hash that was kept; nil where the text is none of ours.
  package init?(text: String) {
    guard Self.parts(of: text) != nil else { return nil }
    self.text = text
  }

  /// Whether this is the password, in the same time whatever it is.
  package func matches(_ password: String) -> Bool {
    guard let (salt, hash) = Self.parts(of: text), let derived = try? Self.derive(password, salt)
    else { return false }
    return constantTimeEqual(derived.span, hash.span)
  }

  private static func parts(of text: String) -> (salt: [UInt8], hash: [UInt8])? {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 5, parts[1] == "scrypt",
      parts[2] == "ln=\(logN),r=\(blockSize),p=\(lanes)",
      let salt = Base64.url.decode(String(parts[3])),
      let hash = Base64.url.decode(String(parts[4])), hash.count == byteCount
    else { return nil }
    return (salt, hash)
  }

  private static func derive(_ password: String, _ salt: [UInt8]) throws(CryptoError) -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: byteCount)
    let secret = Array(password.utf8)
    let length = hash.count
    let result = unsafe secret.withUnsafeBytes { secret in
      // SAFETY: each buffer is passed with its own length.
      unsafe EVP_PBE_scrypt(
        secret.baseAddress, secret.count, salt, salt.count, 1 << logN, blockSize, lanes, memory,
        &hash, length)
    }
    guard result == 1 else { throw .last("scrypt") }
    return hash
  }
}
