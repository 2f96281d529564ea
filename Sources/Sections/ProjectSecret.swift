import Crypto

/// What the files of one project are sorted by: 16 bytes of chance that never leave the store. Without
/// them nobody can make two people one, or ids that crowd together.
package struct ProjectSecret: Equatable, Sendable {
  package static let byteCount = 16
  package let bytes: [UInt8]
  package let people: PersonHasher
  package let ids: IDMix

  /// Nil unless there are 16 bytes.
  package init?(_ bytes: [UInt8]) {
    guard let hash = SipHash(key: bytes.span) else { return nil }
    self.bytes = bytes
    people = PersonHasher(secret: hash)
    // A secret of their own: what is seen of one says nothing of the other.
    let purpose = Array("tributary ids".utf8)
    let words = hash.hash128(purpose.span)
    ids = IDMix(secret: (words.low, words.high))
  }

  package static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }
}
