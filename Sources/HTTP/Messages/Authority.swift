/// `host[:port]` as it stands in Host and in absolute targets: a name, an IPv4 address, or an IPv6
/// address in brackets. Stricter than RFC 3986: no user, no percent-encoding, no sub-delimiters.
enum Authority {
  static func isValid(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard !range.isEmpty else { return false }
    var position = range.lowerBound
    if bytes[position] == UInt8(ascii: "[") {
      position &+= 1
      let start = position
      while position < range.upperBound, isAddressByte(bytes[position]) { position &+= 1 }
      guard position - start >= 2, position < range.upperBound,
        bytes[position] == UInt8(ascii: "]")
      else { return false }
      position &+= 1
    } else {
      while position < range.upperBound, isNameByte(bytes[position]) { position &+= 1 }
      guard position > range.lowerBound else { return false }
    }
    return position == range.upperBound || isPort(bytes, position..<range.upperBound)
  }

  /// A colon and up to five digits; the URL grammar lets them be none.
  private static func isPort(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard bytes[range.lowerBound] == Byte.colon, range.count <= 6 else { return false }
    var port = 0
    for index in range.dropFirst() {
      guard Byte.isDigit(bytes[index]) else { return false }
      port = port &* 10 &+ Int(bytes[index] &- Byte.zero)
    }
    return port <= 0xFFFF
  }

  @inline(__always)
  private static func isNameByte(_ byte: UInt8) -> Bool {
    Byte.isLetter(byte) || Byte.isDigit(byte) || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "~")
  }

  @inline(__always)
  private static func isAddressByte(_ byte: UInt8) -> Bool {
    Byte.hexValue(byte) != nil || byte == Byte.colon || byte == UInt8(ascii: ".")
  }
}
