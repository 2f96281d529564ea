package import Crypto

/// Who a row is by, as sections know people: a keyed hash of the person's id. Its order is the order of
/// rows, and it is what is compared; the key is the project's secret, so nobody can make two people one.
package struct PersonHash: Hashable, Comparable, Sendable {
  /// What sections sort by.
  package let high: UInt64
  /// 32 bits more, compared on every equality: among 10^8 people two share all 96 once in 10^13 times.
  package let low: UInt32

  package init(high: UInt64, low: UInt32) {
    self.high = high
    self.low = low
  }

  @inlinable
  package static func < (left: Self, right: Self) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }
}

/// What an id of a person is an id of. The kinds never meet: a device that is called like a profile is
/// somebody else.
package enum PersonKind: UInt8, Sendable, CaseIterable {
  case profile = 1
  case device = 2
  case visitor = 3
}

/// Makes the hashes of one project's people.
package struct PersonHasher: Sendable {
  private let hash: SipHash

  package init(secret: SipHash) { hash = secret }

  package func hash(_ kind: PersonKind, _ id: Span<UInt8>) -> PersonHash {
    // The kind goes behind the id: ids are at most 256 bytes, so no two inputs are equal.
    var input = [UInt8](capacity: id.count &+ 1)
    for index in id.indices { input.append(id[index]) }
    input.append(kind.rawValue)
    let words = hash.hash128(input.span)
    return PersonHash(high: words.low, low: UInt32(truncatingIfNeeded: words.high))
  }
}

extension [UInt8] {
  fileprivate init(capacity: Int) {
    self = []
    reserveCapacity(capacity)
  }
}
