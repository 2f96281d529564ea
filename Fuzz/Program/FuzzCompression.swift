import Compression

/// A deflate body says the same whole and in pieces, and what the model says.
@Sendable func fuzzDeflate(_ bytes: Span<UInt8>) {
  let answer = wholeAndInPieces(bytes, .deflate)
  let isZlib =
    bytes.count > 1 && bytes[0] & 15 == 8 && bytes[0] >> 4 <= 7
    && (Int(bytes[0]) << 8 | Int(bytes[1])).isMultiple(of: 31)
  guard !isZlib, bytes.count > 1 else { return }
  if case .tooLarge = answer.error { return }
  switch SlowInflate.inflate(copy(bytes)) {
  case .refused: precondition(answer.isRefused, "\(answer), but refused")
  case .incomplete: precondition(answer.error == .truncated, "\(answer), but incomplete")
  case .read(let plain, let used):
    if used < bytes.count {
      precondition(answer.error == .malformed(.trailingBytes), "\(answer), but it goes on")
    } else {
      precondition(answer.error == nil && answer.plain == plain, "\(answer), but \(plain)")
    }
  }
}

/// A gzip body says the same whole and in pieces.
@Sendable func fuzzGzip(_ bytes: Span<UInt8>) { _ = wholeAndInPieces(bytes, .gzip) }

/// A zstd body says the same whole and in pieces; as a batch it is what was declared, or refused.
@Sendable func fuzzZstd(_ bytes: Span<UInt8>) {
  let body = wholeAndInPieces(bytes, .zstd)
  let size = body.error == nil ? body.plain.count : 100
  do throws(CompressionError) {
    let plain = try ZstdDecompressor().decompress(bytes, exactSize: size, limit: bound)
    precondition(plain.count == size)
    precondition(body.error == nil && plain == body.plain, "a batch, but no body: \(body)")
  } catch {}  // What a batch must be is stricter than what a body may be.
}

private let bound = 1 << 17

private struct Answer: Equatable {
  var plain: [UInt8] = []
  var error: CompressionError?
  var isRefused: Bool { error != nil && error != .truncated }
}

private func copy(_ bytes: Span<UInt8>) -> [UInt8] {
  var copy: [UInt8] = []
  copy.reserveCapacity(bytes.count)
  for index in bytes.indices { copy.append(bytes[index]) }
  return copy
}

private func wholeAndInPieces(_ bytes: Span<UInt8>, _ coding: ContentCoding) -> Answer {
  let whole = decode(bytes, coding, by: max(bytes.count, 1))
  // Both sides of the loop's margin, or a step that follows the content.
  let last = bytes.isEmpty ? 0 : Int(bytes[bytes.count - 1])
  let size = [1, 17, last + 1][bytes.count % 3]
  let pieces = decode(bytes, coding, by: size)
  // A piece may show that it is too much before a later one shows that it is wrong.
  if whole.isRefused {
    precondition(pieces.isRefused, "\(pieces), not \(whole), by \(size)")
  } else {
    precondition(pieces == whole, "\(pieces), not \(whole), by \(size)")
  }
  return whole
}

private func decode(_ bytes: Span<UInt8>, _ coding: ContentCoding, by size: Int) -> Answer {
  let decoder = BodyDecoder(coding, limit: bound)
  var answer = Answer()
  do throws(CompressionError) {
    var start = 0
    while start < bytes.count {
      // A copy of exactly this size, so that one byte too far is found out.
      let piece = copy(bytes.extracting(start..<min(start + size, bytes.count)))
      try decoder.push(piece.span, into: &answer.plain)
      start += piece.count
    }
    try decoder.finish()
  } catch {
    answer.error = error
  }
  precondition(answer.plain.count <= bound, "more than allowed")
  return answer
}
