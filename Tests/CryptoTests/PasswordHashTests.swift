import Platform
import Testing

@testable import Crypto

@Suite("Password hashes") struct PasswordHashTests {
  @Test("a password matches its hash and nothing else does; two hashes of one differ")
  func matches() throws {
    let random = SeededRandom(seed: 1)
    let hash = try PasswordHash(of: "correct horse", random: random)
    let other = try PasswordHash(of: "correct horse", random: random)
    #expect(hash.matches("correct horse"))
    #expect(!hash.matches("correct horsf"))
    #expect(hash != other)
    #expect(PasswordHash(text: hash.text) == hash)
  }

  @Test(
    "other texts are no hashes",
    arguments: ["", "$scrypt$", "$scrypt$ln=1,r=8,p=3$AAAA$AAAA", "plain", "$argon2id$x$y$z"])
  func refused(text: String) {
    #expect(PasswordHash(text: text) == nil)
  }
}
