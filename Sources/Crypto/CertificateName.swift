private import Glibc

/// What a server certificate is for: a DNS name (a star may stand for its first label) or an IP
/// address. Checked, so that nothing else can slip into a certificate through a name.
enum CertificateName: Equatable {
  case dns(String)
  /// Four bytes or sixteen.
  case address([UInt8])

  init(_ text: String) throws(CryptoError) {
    if let address = Self.address(text) {
      self = .address(address)
    } else if Self.isDNSName(text) {
      self = .dns(text.lowercased())
    } else {
      throw .badName(text)
    }
  }

  private static func address(_ text: String) -> [UInt8]? {
    guard !text.utf8.contains(0) else { return nil }
    for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
      var bytes = [UInt8](repeating: 0, count: count)
      // SAFETY: an address of the family fits its count of bytes; the text ends in NUL.
      if unsafe inet_pton(family, text, &bytes) == 1 { return bytes }
    }
    return nil
  }

  private static func isDNSName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    var labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    if labels.count > 2, labels[0].elementsEqual("*".utf8) { labels.removeFirst() }
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let isInner = { (byte: UInt8) in
      isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == UInt8(ascii: "-")
    }
    // A last label of digits is an address gone wrong.
    return labels.allSatisfy { label in
      (1...63).contains(label.count) && label.allSatisfy(isInner)
        && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
    } && labels.last?.allSatisfy(isDigit) == false
  }
}
