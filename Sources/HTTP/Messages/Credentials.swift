private import Crypto
private import Platform

/// Who a request says it comes from.
package enum Credentials: Equatable, Sendable {
  case bearer(String)
  case basic(user: String, password: String)

  /// Reads the value of Authorization. Nil for other schemes, and for anything malformed.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let space = bytes.firstIndex(of: Byte.space) else { return nil }
    let scheme = 0..<space
    // RFC 9110 11.4 wants one space or more.
    let rest = bytes[space...].drop { $0 == Byte.space }
    guard !rest.isEmpty else { return nil }
    if Scan.equals("bearer", ignoringCaseAt: scheme, in: bytes.span) {
      guard rest.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != Byte.comma }) else { return nil }
      self = .bearer(String(decoding: rest, as: UTF8.self))
    } else if Scan.equals("basic", ignoringCaseAt: scheme, in: bytes.span) {
      guard let decoded = Self.decoded(rest), let colon = decoded.firstIndex(of: Byte.colon),
        !decoded.contains(where: { $0 < 0x20 || $0 == 0x7F }),
        let user = String(validating: decoded.span.extracting(..<colon)),
        let password = String(validating: decoded.span.extracting((colon + 1)...))
      else { return nil }
      self = .basic(user: user, password: password)
    } else {
      return nil
    }
  }

  /// Some clients leave the padding out, which cannot be misread.
  private static func decoded(_ base64: ArraySlice<UInt8>) -> [UInt8]? {
    var text = String(decoding: base64, as: UTF8.self)
    if base64.last != Byte.equals {
      text += String(repeating: "=", count: (4 - base64.count % 4) % 4)
    }
    return Base64.standard.decode(text)
  }
}

extension RequestHead {
  /// Who the request says it comes from; nil also where two fields may disagree about it.
  package var credentials: Credentials? {
    fields.onlyValue(of: "authorization").flatMap(Credentials.init)
  }
}
