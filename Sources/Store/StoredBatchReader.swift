import Batches
import Compression

/// Reads batches that the store has kept. Their digest is checked again: a bit that has flipped on
/// the disk since is found here. For one thread: it keeps a decompressor.
final class StoredBatchReader {
  private let decompressor = ZstdDecompressor()
  /// Whatever intake was configured to accept once has to be readable for ever.
  private let limits = BatchLimits(
    rows: BatchLimits.mostRows, compressedBytes: .max, plainBytes: .max)

  /// The columns that a restart needs.
  func core(of batch: [UInt8]) throws(BatchProblem) -> BatchCore {
    try BatchCore(decoding: body(of: batch), limits: limits)
  }

  func columns(of batch: [UInt8]) throws(BatchProblem) -> BatchColumns {
    try BatchColumns(decoding: body(of: batch), limits: limits)
  }

  private func body(of batch: [UInt8]) throws(BatchProblem) -> [UInt8] {
    guard batch.count >= BatchEnvelope.byteCount else { throw .truncated }
    let envelope = try BatchEnvelope(batch.span.extracting(first: BatchEnvelope.byteCount))
    return try envelope.plainBody(
      batch.span.extracting(droppingFirst: BatchEnvelope.byteCount), decompressor: decompressor,
      limits: limits)
  }
}
