private import COpenSSL

/// Why a cryptographic operation refused its input or could not be carried out.
package enum CryptoError: Error, Equatable, Sendable {
  case wrongLength(expected: Int, got: Int)
  /// One of the eight points of small order, in any of their fourteen encodings: with such a key one
  /// signature fits many messages.
  case lowOrderKey
  /// The y of a point is p or more: a second spelling of another key.
  case nonCanonicalKey
  /// Text that should hold a key or a certificate and does not.
  case malformed(what: String)
  /// A name that no certificate may carry.
  case badName(String)
  /// The library refused: the call that failed and the library's own words for why.
  case library(call: String, reason: String)
}

extension CryptoError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .wrongLength(let expected, let got): "expected \(expected) bytes, got \(got)"
    case .lowOrderKey: "the public key is a point of small order"
    case .nonCanonicalKey: "the public key is not in its canonical encoding"
    case .malformed(let what): "not a valid \(what)"
    case .badName(let name): "\"\(name)\" is neither a DNS name nor an IP address"
    case .library(let call, let reason): "\(call): \(reason)"
    }
  }
}

extension CryptoError {
  /// The oldest entry of this thread's error queue, which is emptied: what is left there would be
  /// taken for the error of the next TLS call on this thread.
  static func last(_ call: StaticString) -> CryptoError {
    let code = ERR_get_error()
    defer { ERR_clear_error() }
    guard code != 0 else { return .library(call: "\(call)", reason: "failed without a reason") }
    // SAFETY: the library answers a static, NUL-terminated text or NULL.
    if let reason = unsafe ERR_reason_error_string(code) {
      return .library(call: "\(call)", reason: unsafe String(cString: reason))
    }
    return .library(call: "\(call)", reason: "error \(code)")
  }
}

/// For calls that fail only without memory or by a mistake of ours: nothing that a caller could do
/// would make going on right.
func unexpected(_ call: StaticString) -> Never {
  fatalError("OpenSSL: \(CryptoError.last(call))")
}
