package import Platform

/// A key or token as it is shown once to the one who will use it: `twr_k3JqX0aB_` and then the secret
/// part. The prefix is public, names the key in lists and logs, and finds its row; of the whole, only
/// the SHA-256 is kept. (Its chance is too large to guess, so a fast hash is enough.)
package struct Secret: Sendable {
  /// What a key is for; its code opens the text, so that scanners recognise a leaked one.
  package struct Kind: Hashable, Sendable {
    package let code: String
    /// Characters of the secret part; each holds 5.95 bits.
    package let characterCount: Int

    /// A kind of secrets with at least `bits` bits of chance, 128 or more.
    package init(code: String, bits: Int = 128) {
      precondition(bits >= 128, "a secret needs 128 bits")
      precondition(
        !code.isEmpty && code.utf8.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }, "a code is a to z")
      self.code = code
      // 62^n >= 2^bits, where log2(62) = 5.9541...
      characterCount = (bits * 10_000 + 59_540) / 59_541
    }
  }

  package static let nameCharacterCount = 8

  /// The whole text. It goes to its user and nowhere else.
  package let text: String
  /// The public part, with its last underscore left off.
  package let prefix: String

  package static func generate(
    _ kind: Kind, from random: any RandomSource = SystemRandom()
  ) -> Secret {
    let prefix = kind.code + "_" + base62(nameCharacterCount, from: random)
    return Secret(
      text: prefix + "_" + base62(kind.characterCount, from: random), prefix: prefix)
  }

  /// Reads what a request presents; nil where it has not the shape of a secret.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].count == Self.nameCharacterCount,
      (1...16).contains(parts[0].count), (1...128).contains(parts[2].count),
      parts[0].allSatisfy({ $0 >= 0x61 && $0 <= 0x7A }),
      parts[1].allSatisfy(Self.isBase62), parts[2].allSatisfy(Self.isBase62)
    else { return nil }
    self.init(text: text, prefix: String(text.utf8.prefix(upTo: parts[1].endIndex)) ?? "")
  }

  private init(text: String, prefix: String) {
    self.text = text
    self.prefix = prefix
  }

  /// What is stored of it.
  package var digest: Digest { sha256(text) }

  /// Whether this is the secret of which `digest` was kept, in constant time.
  package func matches(_ digest: Digest) -> Bool {
    self.digest.isEqual(inConstantTimeTo: digest)
  }

  private static let alphabet = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  private static func isBase62(_ character: UInt8) -> Bool { alphabet.contains(character) }

  private static func base62(_ count: Int, from random: any RandomSource) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(count)
    while text.count < count {
      // Ten times six bits of each word; 62 and 63 are thrown away, so no character is likelier.
      var word = random.next()
      for _ in 0..<10 where text.count < count {
        let value = Int(word & 63)
        word >>= 6
        if value < alphabet.count { text.append(alphabet[value]) }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension Secret: CustomStringConvertible, CustomReflectable {
  /// The public part only: a secret that slips into a log tells nothing there.
  package var description: String { prefix + "_…" }
  package var customMirror: Mirror { Mirror(self, children: [("prefix", prefix)]) }
}
