package import Platform

/// Somebody who looks at the console, and may log in once a password is stored for them.
package struct User: Hashable, Sendable {
  package enum Role: String, Sendable {
    case owner, admin, member
  }

  package let id: String
  /// As it was written, except that ASCII letters are lower case.
  package let email: String
  package let fullName: String
  package let company: String
  package let role: Role
  package let status: CredentialStatus
  package let createdMilliseconds: Int64
  /// `$scrypt$…`, nil for a user who cannot log in with a password.
  package let passwordHash: String?

  /// The only spelling of an address that is stored; nil where it is none.
  static func canonical(email: String) -> String? {
    let bytes = Array(email.utf8)
    let at = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard bytes.count <= 254, at.count == 2, at.allSatisfy({ !$0.isEmpty }),
      bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else { return nil }
    return email.lowercased()
  }

  /// A password for somebody to write down: 100 bits, in letters and digits that cannot be confused.
  package static func generatePassword(from random: any RandomSource = SystemRandom()) -> String {
    let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")
    var generator = RandomGenerator(random)
    let letters = (0..<21).map { _ in alphabet[Int.random(in: alphabet.indices, using: &generator)]
    }
    return stride(from: 0, to: 21, by: 7).map { String(letters[$0..<($0 + 7)]) }.joined(
      separator: "-")
  }
}
