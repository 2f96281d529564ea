package import Platform

/// Where a program listens: `127.0.0.1:7070`, `[::1]:7070`, `localhost:7070`, `unix:/run/t.sock`.
/// Port 0 lets the system choose.
extension Address: SettingValue {
  package static var placeholder: String { "HOST:PORT" }
  package static var expectation: String {
    "an address such as 127.0.0.1:7070, [::]:7070 or unix:/run/tributary.sock"
  }

  package init?(settingText: String) {
    if settingText.hasPrefix("unix:") {
      guard !settingText.utf8.contains(0) else { return nil }
    } else {
      // Stricter than the address itself: a slip should show before the resolver is asked.
      guard let colon = settingText.utf8.lastIndex(of: UInt8(ascii: ":")),
        portNumber(settingText[settingText.utf8.index(after: colon)...]) != nil,
        hostName(settingText[..<colon]) != nil
      else { return nil }
    }
    self.init(settingText)
  }

  package var settingText: String { description }

  package func relative(to folder: String) -> Address {
    guard case .unix(let path) = self else { return self }
    return Address("unix:\(FilePath(path).relative(to: folder).text)") ?? self
  }
}

func portNumber(_ text: Substring) -> UInt16? {
  guard text.utf8.allSatisfy(isDigit) else { return nil }  // UInt16("+1") would do otherwise.
  return UInt16(text)
}

/// A host name, an IPv4 address, or an IPv6 address in brackets, which are taken off.
func hostName(_ text: Substring) -> String? {
  if text.utf8.first == UInt8(ascii: "["), text.utf8.last == UInt8(ascii: "]") {
    let inside = text.dropFirst().dropLast()
    let isGood =
      inside.utf8.contains(UInt8(ascii: ":"))
      && inside.utf8.allSatisfy { byte in
        isDigit(byte) || (0x41...0x46).contains(byte & 0xDF) || byte == 0x3A || byte == 0x2E
      }
    return isGood ? String(inside) : nil
  }
  let isGood =
    !text.isEmpty && text.utf8.count <= 253
    && text.utf8.allSatisfy { byte in
      isDigit(byte) || (0x41...0x5A).contains(byte & 0xDF) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
  return isGood ? String(text) : nil
}

func bracketed(_ host: String) -> String {
  host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
}
