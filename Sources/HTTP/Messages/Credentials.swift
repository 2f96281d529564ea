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
      guard let decoded = Base64.decode(rest), let colon = decoded.firstIndex(of: Byte.colon),
        !decoded.contains(where: { $0 < 0x20 || $0 == 0x7F }),
        let user = String(validating: decoded.span.extracting(..<colon)),
        let password = String(validating: decoded.span.extracting((colon + 1)...))
      else { return nil }
      self = .basic(user: user, password: password)
    } else {
      return nil
    }
  }
}

extension RequestHead {
  /// Who the request says it comes from; nil also where two fields may disagree about it.
  package var credentials: Credentials? {
    fields.onlyValue(of: "authorization").flatMap(Credentials.init)
  }
}

/// Base64 as RFC 4648 4 has it: padding at the end where it belongs, unused bits zero. Some clients
/// leave the padding out, which cannot be misread.
enum Base64 {
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var decoded: [UInt8] = []
    var word: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
      if byte == Byte.equals {
        padding += 1
        continue
      }
      guard padding == 0, let sextet = sextet(byte) else { return nil }
      word = word << 6 | UInt32(sextet)
      count += 1
      if count.isMultiple(of: 4) {
        decoded += [UInt8(word >> 16 & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word & 0xFF)]
        word = 0
      }
    }
    let needed = (4 - count % 4) % 4
    guard needed < 3, padding == 0 || padding == needed else { return nil }
    switch needed {
    case 2 where word & 0xF == 0: decoded.append(UInt8(word >> 4))
    case 1 where word & 0x3 == 0: decoded += [UInt8(word >> 10 & 0xFF), UInt8(word >> 2 & 0xFF)]
    case 0: break
    default: return nil
    }
    return decoded
  }

  private static func sextet(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
