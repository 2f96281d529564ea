/// Where another program is reached: `https://host:7443/path`.
package struct ServerURL: Hashable, Sendable, SettingValue {
  package let isSecure: Bool
  package let host: String
  package let port: UInt16
  /// What stands before every path, without a slash at its end; usually empty.
  package let prefix: String

  package static var placeholder: String { "URL" }
  package static var expectation: String { "an address such as https://events.example.com:7443" }

  package init?(settingText: String) {
    let rest: Substring
    if settingText.hasPrefix("https://") {
      (isSecure, rest) = (true, settingText.dropFirst(8))
    } else if settingText.hasPrefix("http://") {
      (isSecure, rest) = (false, settingText.dropFirst(7))
    } else {
      return nil
    }
    let end = rest.utf8.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    var prefix = rest[end...]
    while prefix.utf8.last == UInt8(ascii: "/") { prefix.removeLast() }
    // No user, query or fragment, and nothing that would end a request line.
    guard prefix.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3F && $0 != 0x23 }) else {
      return nil
    }
    self.prefix = String(prefix)
    let authority = rest[..<end]
    let isBracketed = authority.utf8.last == UInt8(ascii: "]")
    if let colon = authority.utf8.lastIndex(of: UInt8(ascii: ":")), !isBracketed {
      guard let port = portNumber(authority[authority.utf8.index(after: colon)...]), port != 0,
        let host = hostName(authority[..<colon])
      else { return nil }
      (self.host, self.port) = (host, port)
    } else {
      guard let host = hostName(authority) else { return nil }
      (self.host, self.port) = (host, isSecure ? 443 : 80)
    }
  }

  /// What belongs in a `Host` header.
  package var authority: String {
    port == (isSecure ? 443 : 80) ? bracketed(host) : "\(bracketed(host)):\(port)"
  }

  package var settingText: String { (isSecure ? "https://" : "http://") + authority + prefix }
}
