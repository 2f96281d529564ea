private import COpenSSL

/// Whether two secrets are equal, in a time that depends on their length alone. The lengths
/// themselves are no secret.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  guard left.count > 0 else { return true }
  // SAFETY: both buffers hold `count` bytes, and the library only reads them.
  let difference = unsafe left.withUnsafeBytes { left in
    unsafe right.withUnsafeBytes { right in
      unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count)
    }
  }
  return difference == 0
}
