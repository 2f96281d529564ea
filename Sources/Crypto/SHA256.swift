private import COpenSSL
private import Synchronization

/// SHA-256 over bytes that come in pieces. The context inside is lent from a pool and goes back
/// there, so making one costs no allocation.
@safe
package struct SHA256: ~Copyable, @unchecked Sendable {
  // SAFETY: sendable because a context has one owner: this value, which cannot be copied.
  private let context: DigestContext

  package init() { context = DigestContext.borrow() }

  deinit {
    context.restart()  // Bytes of a hash that was given up must not reach the next borrower.
    DigestContext.giveBack(context)
  }

  package mutating func update(_ bytes: Span<UInt8>) { context.update(bytes) }

  /// The digest of everything since the last call; the next update begins anew.
  package mutating func finish() -> Digest { context.finish() }
}

/// The SHA-256 of `bytes`.
package func sha256(_ bytes: Span<UInt8>) -> Digest {
  let context = DigestContext.borrow()
  defer { DigestContext.giveBack(context) }
  context.update(bytes)
  return context.finish()
}

/// The SHA-256 of a text's UTF-8.
package func sha256(_ text: String) -> Digest {
  let bytes = Array(text.utf8)
  return sha256(bytes.span)
}

/// An `EVP_MD_CTX` that is ready for a first byte whenever the pool hands it out.
@safe
private struct DigestContext: @unchecked Sendable {
  // SAFETY: a context is either in the pool or with one borrower, which frees nothing; it is freed
  // only where the pool is full, by the borrower that gives it back.
  private let pointer: OpaquePointer

  /// More than this many at rest are freed: as many as threads that hash at the same instant.
  private static let maximumPooled = 32
  private static let pool = Mutex<[DigestContext]>([])

  static func borrow() -> DigestContext {
    pool.withLock { $0.popLast() } ?? DigestContext()
  }

  static func giveBack(_ context: DigestContext) {
    let kept = pool.withLock { pool in
      guard pool.count < maximumPooled else { return false }
      pool.append(context)
      return true
    }
    // SAFETY: the pool did not take it and the borrower is done, so this is the last use.
    if !kept { unsafe EVP_MD_CTX_free(context.pointer) }
  }

  private init() {
    guard let pointer = unsafe EVP_MD_CTX_new() else { unexpected("EVP_MD_CTX_new") }
    unsafe self.pointer = pointer
    // SAFETY: the algorithm is static; the context is new and ours.
    guard unsafe EVP_DigestInit_ex(pointer, EVP_sha256(), nil) == 1 else {
      unexpected("EVP_DigestInit_ex")
    }
  }

  func update(_ bytes: Span<UInt8>) {
    // SAFETY: the library reads `count` bytes at this address and keeps nothing.
    let done = unsafe bytes.withUnsafeBytes {
      unsafe EVP_DigestUpdate(pointer, $0.baseAddress, $0.count)
    }
    guard done == 1 else { unexpected("EVP_DigestUpdate") }
  }

  func finish() -> Digest {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    // SAFETY: SHA-256 writes 32 bytes, which is what the four words hold.
    let done = unsafe withUnsafeMutableBytes(of: &words) {
      unsafe EVP_DigestFinal_ex(
        pointer, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
    }
    guard done == 1 else { unexpected("EVP_DigestFinal_ex") }
    restart()
    return Digest(
      words: UInt64(bigEndian: words.0), UInt64(bigEndian: words.1), UInt64(bigEndian: words.2),
      UInt64(bigEndian: words.3))
  }

  func restart() {
    // No algorithm given: the one that the context has is begun again, without looking it up.
    guard unsafe EVP_DigestInit_ex(pointer, nil, nil) == 1 else { unexpected("EVP_DigestInit_ex") }
  }
}
