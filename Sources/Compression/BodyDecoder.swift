/// The codings of a body that are understood.
package enum ContentCoding: Sendable, Equatable, CaseIterable {
  case identity, gzip, deflate, zstd

  /// The coding that a `Content-Encoding` names, in any case; nil for those that are not understood,
  /// and for lists of several. No value at all is `identity`.
  package init?(header value: String?) {
    switch (value ?? "").trimmed.lowercased() {
    case "", "identity": self = .identity
    case "gzip", "x-gzip": self = .gzip
    case "deflate": self = .deflate
    case "zstd": self = .zstd
    default: return nil
    }
  }
}

extension String {
  /// Without the blanks that HTTP allows around a value.
  fileprivate var trimmed: String {
    let isBlank = { (character: UInt8) in character == 0x20 || character == 0x09 }
    let start = utf8.firstIndex { !isBlank($0) } ?? endIndex
    let end = utf8.lastIndex { !isBlank($0) }.map { utf8.index(after: $0) } ?? start
    return String(self[start..<end])
  }
}

/// Decodes the body of a request while it arrives: bytes in, bytes out, and never more than `limit`
/// of them, whatever the input promises. After the first error every call throws it again.
package final class BodyDecoder {
  package let limit: Int
  package private(set) var decodedCount = 0
  private var gzip: GzipDecoder?
  private var deflate: DeflateDecoder?
  private var zstd: ZstdStream?
  private var failure: CompressionError?

  package init(_ coding: ContentCoding, limit: Int) {
    self.limit = limit
    switch coding {
    case .identity: break
    case .gzip: gzip = GzipDecoder()
    case .deflate: deflate = DeflateDecoder()
    case .zstd: zstd = ZstdStream()
    }
  }

  /// Appends to `output` what `bytes` bring to light.
  package func push(
    _ bytes: Span<UInt8>, into output: inout [UInt8]
  ) throws(CompressionError) {
    if let failure { throw failure }
    let before = output.count
    do throws(CompressionError) {
      try decode(bytes, into: &output, room: limit - decodedCount)
    } catch {
      failure = error
      throw error
    }
    decodedCount += output.count - before
  }

  /// To be called at the end of the body: throws `truncated` where its coding does not end there.
  package func finish() throws(CompressionError) {
    if let failure { throw failure }
    let isAtEnd = zstd?.isAtEnd ?? gzip?.isAtEnd ?? deflate?.isAtEnd ?? true
    if !isAtEnd { throw .truncated }
  }

  private func decode(
    _ bytes: Span<UInt8>, into output: inout [UInt8], room: Int
  ) throws(CompressionError) {
    if gzip != nil {
      try gzip?.push(bytes, into: &output, room: room, limit: limit)
    } else if deflate != nil {
      try deflate?.push(bytes, into: &output, room: room, limit: limit)
    } else if let zstd {
      try zstd.push(bytes, into: &output, room: room, limit: limit)
    } else {
      guard bytes.count <= room else { throw .tooLarge(limit: limit) }
      // SAFETY: what is appended is copied.
      unsafe bytes.withUnsafeBufferPointer { unsafe output.append(contentsOf: $0) }
    }
  }
}
