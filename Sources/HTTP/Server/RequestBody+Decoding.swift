internal import Compression

extension Request {
  /// The whole body with its content codings undone, if that has at most `limit` bytes. What is
  /// packed is unpacked while it arrives, so a bomb costs no more than the limit.
  ///
  /// A body that begins as gzip does is unpacked also where no header says so: some SDKs leave it
  /// out, and nothing else that we read begins like that.
  package func collectDecoded(atMost limit: Int) async throws(BodyError) -> [UInt8] {
    guard let codings = head.contentCodings else { throw .unsupportedCoding }
    guard codings.isEmpty else { return try await body.collect(decoding: codings, atMost: limit) }
    let bytes = try await body.collect(atMost: limit)
    guard bytes.starts(with: [0x1F, 0x8B, 0x08]) else { return bytes }
    var chain = DecoderChain([.gzip], limit: limit)
    var plain: [UInt8] = []
    try chain.push(bytes, into: &plain)
    try chain.finish()
    return plain
  }
}

extension RequestBody {
  /// The whole body with these codings undone, the last one first.
  fileprivate func collect(
    decoding codings: [ContentCoding], atMost limit: Int
  ) async throws(BodyError) -> [UInt8] {
    var chain = DecoderChain(codings, limit: limit)
    var plain: [UInt8] = []
    while let piece = try await next() { try chain.push(piece, into: &plain) }
    try chain.finish()
    return plain
  }
}

/// The decoders of a body that was packed once or twice, outermost first. Each has the whole body's
/// limit, so that no stage can grow beyond it.
private struct DecoderChain {
  private let decoders: [BodyDecoder]
  private let limit: Int

  init(_ codings: [ContentCoding], limit: Int) {
    self.limit = limit
    decoders = codings.reversed().map { BodyDecoder($0, limit: limit) }
  }

  mutating func push(_ piece: [UInt8], into plain: inout [UInt8]) throws(BodyError) {
    do throws(CompressionError) {
      var bytes = piece
      for decoder in decoders.dropLast() {
        var next: [UInt8] = []
        try decoder.push(bytes.span, into: &next)
        bytes = next
      }
      try decoders.last?.push(bytes.span, into: &plain)
    } catch { throw problem(error) }
  }

  func finish() throws(BodyError) {
    do throws(CompressionError) {
      for decoder in decoders { try decoder.finish() }
    } catch { throw problem(error) }
  }

  private func problem(_ error: CompressionError) -> BodyError {
    if case .tooLarge = error { return .tooLarge(limit: limit) }
    return .undecodable(error.description)
  }
}
