private import Platform

/// What a request asks for. Methods are case-sensitive: `get` is not `GET`.
package enum Method: Equatable, Hashable, Sendable {
  case get, head, post, put, delete, options, patch, trace
  /// A token we do not know: the router refuses it by name.
  case other([UInt8])

  /// The method named by the token at `range`; nil for CONNECT, which is for proxies.
  @inline(__always)
  init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    let start = range.lowerBound
    var word: UInt64 = 0
    if range.count <= 8 {
      for index in range { word = word << 8 | UInt64(bytes[index]) }
    }
    switch word {
    case 0x47_4554: self = .get
    case 0x504F_5354: self = .post
    case 0x4845_4144: self = .head
    case 0x50_5554: self = .put
    case 0x44_454C_4554_45: self = .delete
    case 0x4F_5054_494F_4E53: self = .options
    case 0x50_4154_4348: self = .patch
    case 0x54_5241_4345: self = .trace
    case 0x43_4F4E_4E45_4354: return nil
    default: self = .other(Array(bytes.extracting(start..<range.upperBound)))
    }
  }

  package var text: String {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    case .trace: "TRACE"
    case .other(let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }
}

/// The versions we speak.
package enum HTTPVersion: UInt8, Equatable, Sendable {
  case http10 = 0
  case http11 = 1
}
