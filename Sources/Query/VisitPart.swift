import Events

/// What a visit's user agent and referrer tell, where the client did not say it itself. As a path,
/// `visit.browser`: what `any.browser` has, else what `ctx.user_agent` says.
package enum VisitPart: String, CaseIterable, Sendable {
  case browser
  case browserVersion = "browser_version"
  case system = "os"
  case systemVersion = "os_version"
  case device = "device_type"
  /// The referrer's host without `www.`, in lower case.
  case referrerHost = "referrer_host"

  /// What the part is read from, where nobody said it.
  package enum Source: Sendable {
    /// `ctx.user_agent`, which intake fills.
    case userAgent
    /// `any.referrer`.
    case referrer
  }

  package static let userAgentKey = "user_agent"
  package static let referrerKey = "referrer"

  package var source: Source { self == .referrerHost ? .referrer : .userAgent }

  /// What the text of its source says; nil where that is nothing. About a microsecond.
  package func text(from bytes: Span<UInt8>) -> String? {
    if self == .referrerHost { return Self.host(of: bytes) }
    let agent = UserAgent(bytes)
    return switch self {
    case .browser: agent.browser?.name
    case .browserVersion: agent.browserVersion
    case .system: agent.system?.name
    case .systemVersion: agent.systemVersion
    case .device: agent.device?.rawValue
    case .referrerHost: nil
    }
  }

  /// Of an address with a scheme, or with none but its slashes. Hosts are ASCII: other addresses have
  /// none that could be compared.
  private static func host(of bytes: Span<UInt8>) -> String? {
    var place = 0
    while place + 1 < bytes.count {
      if bytes[place] == UInt8(ascii: "/"), bytes[place + 1] == UInt8(ascii: "/") { break }
      guard isScheme(bytes[place]) else { return nil }
      place += 1
    }
    guard place + 1 < bytes.count else { return nil }
    var host: [UInt8] = []
    for index in (place + 2)..<bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "@") {
        host.removeAll()
        continue
      }
      if [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains(byte) { break }
      guard byte > 0x20, byte < 0x7F, host.count <= 512 else { return nil }
      host.append((UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte)
    }
    if let colon = host.lastIndex(of: UInt8(ascii: ":")), !host[colon...].contains(93) {
      host.removeSubrange(colon...)
    }
    if host.starts(with: "www.".utf8) { host.removeFirst(4) }
    return host.isEmpty ? nil : String(decoding: host, as: UTF8.self)
  }

  private static func isScheme(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
