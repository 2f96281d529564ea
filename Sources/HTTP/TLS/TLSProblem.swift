private import COpenSSL

/// Why TLS could not be set up or went wrong, in OpenSSL's words for the log.
package struct TLSProblem: Error, Equatable, CustomStringConvertible {
  package enum Code: Equatable, Sendable {
    /// A certificate or key could not be read, or they do not belong together.
    case badCredentials
    /// The peer's certificate is not one we trust, or not for this host.
    case untrustedPeer
    /// The peer's certificate has expired, or is not valid yet: often a wrong clock here.
    case certificateTime
    /// Anything else the protocol can fail with.
    case protocolFailure
  }

  package let code: Code
  package let reason: String

  package var description: String { reason }

  /// With what OpenSSL noted on this thread since the last look.
  static func last(_ code: Code, _ doing: String) -> TLSProblem {
    var reasons: [String] = []
    while true {
      let number = ERR_get_error()
      guard number != 0 else { break }
      if let reason = unsafe ERR_reason_error_string(number) {
        // SAFETY: OpenSSL's reasons are static, terminated texts.
        reasons.append(unsafe String(cString: reason))
      }
    }
    let reason = reasons.isEmpty ? "failed" : reasons.joined(separator: ", ")
    return TLSProblem(code: code, reason: "\(doing): \(reason)")
  }
}
