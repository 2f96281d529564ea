// Small questions to lent bytes.

extension Span where Element == UInt8 {
  /// Whether these bytes spell `literal`.
  @inlinable @inline(__always)
  package func equals(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    // SAFETY: a literal's bytes live for ever, and `index` stays below their number.
    let bytes = unsafe literal.utf8Start
    for index in indices where unsafe self[index] != bytes[index] { return false }
    return true
  }

  /// Whether these are the same bytes.
  package func equals(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    let other = other.span
    for index in indices where self[index] != other[index] { return false }
    return true
  }

  /// Whether every byte is ASCII.
  package var isASCII: Bool {
    var seen: UInt8 = 0
    for index in indices { seen |= self[index] }
    return seen < 0x80
  }

  /// Whether these bytes are UTF-8.
  package var isUTF8: Bool {
    if isASCII { return true }
    return (try? UTF8Span(validating: self)) != nil  // Where it fails does not matter here.
  }

  /// Whether these bytes come before `other` as `memcmp` orders them, a prefix first.
  package func precedes(_ other: Span<UInt8>) -> Bool {
    let shared = Swift.min(count, other.count)
    var index = 0
    while index < shared {
      let (left, right) = (self[index], other[index])
      if left != right { return left < right }
      index &+= 1
    }
    return count < other.count
  }
}
