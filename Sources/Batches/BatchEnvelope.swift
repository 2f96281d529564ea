package import Compression
package import Crypto

/// The head of a batch that came in: header and signature. The steps to its events are taken in this
/// order, each cheaper than what it protects:
///
///     let envelope = try BatchEnvelope(head)          // 320 bytes, before the body is read
///     try envelope.verify(by: key)                    // of the collector that the header names
///     try envelope.check(limits)
///     let body = try envelope.plainBody(compressed, …) // digest, then bounded decompression
///     let columns = try BatchColumns(decoding: body, for: envelope.header, limits: limits)
package struct BatchEnvelope: Sendable {
  /// The bytes before the body.
  package static let byteCount = BatchHeader.byteCount + SigningKey.signatureByteCount
  /// What is signed begins with this, so that the key signs nothing else by mistake.
  static let domain: [UInt8] = Array("tributary-batch-v1".utf8) + [0]

  package let header: BatchHeader
  package let digest: Digest
  private let signed: [UInt8]
  private let signature: [UInt8]

  /// Reads exactly the first `byteCount` bytes of a batch.
  package init(_ head: Span<UInt8>) throws(BatchProblem) {
    guard head.count == Self.byteCount else { throw .truncated }
    let bytes = head.extracting(first: BatchHeader.byteCount)
    header = try BatchHeader(decoding: bytes)
    digest = sha256(bytes)
    signed = Self.signed(bytes)
    signature = (BatchHeader.byteCount..<Self.byteCount).map { head[$0] }
  }

  /// Whether the key that the header names is this one, and signed it.
  package func verify(by key: VerifyingKey) throws(BatchProblem) {
    guard header.key == KeyID(of: key), key.isValid(signature, for: signed) else {
      throw .badSignature
    }
  }

  package func check(_ limits: BatchLimits) throws(BatchProblem) {
    guard case .events(let body) = header.content else { return }
    guard body.events <= limits.rows else { throw .tooLarge(what: "rows", limit: limits.rows) }
    guard body.compressedBytes <= limits.compressedBytes else {
      throw .tooLarge(what: "compressed body", limit: limits.compressedBytes)
    }
    guard body.plainBytes <= limits.plainBytes else {
      throw .tooLarge(what: "body", limit: limits.plainBytes)
    }
  }

  /// The columns' bytes, once the body is proved to be the one that was signed for. A gap has none.
  package func plainBody(
    _ body: Span<UInt8>, decompressor: ZstdDecompressor, limits: BatchLimits = .standard
  ) throws(BatchProblem) -> [UInt8] {
    try check(limits)
    guard body.count == header.bodyBytes else {
      throw .wrongLength(declared: header.bodyBytes, got: body.count)
    }
    guard case .events(let declared) = header.content else { return [] }
    guard sha256(body) == declared.digest else { throw .badDigest }
    do {
      return try decompressor.decompress(
        body, exactSize: declared.plainBytes, limit: limits.plainBytes)
    } catch { throw .badCompression }
  }

  static func signed(_ header: Span<UInt8>) -> [UInt8] {
    var message = domain
    for index in header.indices { message.append(header[index]) }
    return message
  }
}

extension BatchEnvelope {
  /// All steps at once, for a batch that is whole in memory.
  package static func open(
    _ batch: [UInt8], key: VerifyingKey, decompressor: ZstdDecompressor,
    limits: BatchLimits = .standard
  ) throws(BatchProblem) -> (header: BatchHeader, columns: BatchColumns?) {
    guard batch.count >= byteCount else { throw .truncated }
    let envelope = try BatchEnvelope(batch.span.extracting(first: byteCount))
    try envelope.verify(by: key)
    let body = try envelope.plainBody(
      batch.span.extracting(droppingFirst: byteCount), decompressor: decompressor, limits: limits)
    guard case .events = envelope.header.content else { return (envelope.header, nil) }
    let columns = try BatchColumns(decoding: body, for: envelope.header, limits: limits)
    return (envelope.header, columns)
  }
}

extension BatchColumns {
  /// Decodes the body of this batch: what the header says of the rows must hold.
  package init(
    decoding body: [UInt8], for header: BatchHeader, limits: BatchLimits = .standard
  ) throws(BatchProblem) {
    try self.init(decoding: body, limits: limits)
    guard case .events(let declared) = header.content, declared.events == rowCount else {
      throw .disagreement(field: "events")
    }
  }
}
