/// HMAC-SHA256 (RFC 2104) of `message`. Built on the pooled contexts, since the library's own call
/// looks its algorithm up every time.
package func hmacSHA256(key: Span<UInt8>, _ message: Span<UInt8>) -> Digest {
  HMACKey(key).authenticate(message)
}

/// A key for HMAC-SHA256 that authenticates many messages.
package struct HMACKey: Sendable {
  private static let blockByteCount = 64
  private let inner: [UInt8]
  private let outer: [UInt8]

  package init(_ key: Span<UInt8>) {
    var block: [UInt8] = []
    block.reserveCapacity(Self.blockByteCount)
    if key.count > Self.blockByteCount {
      sha256(key).append(to: &block)
    } else {
      for index in key.indices { block.append(key[index]) }
    }
    while block.count < Self.blockByteCount { block.append(0) }
    inner = block.map { $0 ^ 0x36 }
    outer = block.map { $0 ^ 0x5C }
  }

  package func authenticate(_ message: Span<UInt8>) -> Digest {
    var hash = SHA256()
    hash.update(inner.span)
    hash.update(message)
    let digest = hash.finish().bytes
    hash.update(outer.span)
    hash.update(digest.span)
    return hash.finish()
  }
}
