private import Glibc

/// Finds a text in a text: the byte of it that is rarest among texts by `memchr`, and the rest beside
/// what that finds.
struct LiteralSearch: Sendable {
  enum Finding: Equatable {
    case at(Int)
    case absent
    /// The rare byte is frequent here, and comparing would no longer be linear.
    case gaveUp
  }

  let literal: [UInt8]
  private let rarest: Int

  /// Of at least one byte.
  init(_ literal: [UInt8]) {
    precondition(!literal.isEmpty, "nothing to look for")
    self.literal = literal
    rarest = literal.indices.max { Self.rarity(literal[$0]) < Self.rarity(literal[$1]) }!
  }

  /// Bytes of names, addresses and sentences, the most frequent first; all others are rarer.
  private static let frequent: [UInt8] = Array("e aotinrs/lcdpm.uhgbf-_vwyk=:012,3549678xjzq".utf8)

  private static func rarity(_ byte: UInt8) -> Int {
    if let place = frequent.firstIndex(of: byte) { return place }
    // Texts in other scripts begin most of their characters alike.
    return byte >= 0xC0 ? 10 : byte >= 0x80 ? 40 : 60
  }

  /// The first place from `start` on. Adds what it looked at to `steps`.
  func find(in text: Span<UInt8>, from start: Int, steps: inout Int) -> Finding {
    let count = literal.count
    guard text.count - start >= count else { return .absent }
    let rareByte = CInt(literal[rarest])
    let literal = literal.span
    // Where the rare byte may stand.
    var place = start + rarest
    let end = text.count - count + rarest + 1
    var looked = 0
    defer { steps += looked + (place - start - rarest) }
    return unsafe text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return .absent }
      while place < end {
        // SAFETY: `place..<end` lies inside the text.
        guard let found = unsafe memchr(base + place, rareByte, end - place) else {
          place = end
          return .absent
        }
        place = unsafe UnsafeRawPointer(found) - base
        let first = place - rarest
        var index = 0
        // SAFETY: `first + count` is at most the text's count, since `place` is below `end`.
        while index < count, unsafe bytes[first + index] == literal[index] { index += 1 }
        if index == count { return .at(first) }
        looked += index + 1
        place += 1
        if looked > 4 * (place - start) + 1_024 { return .gaveUp }
      }
      return .absent
    }
  }
}
