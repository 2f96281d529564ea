import Batches
import Compression
import Platform
import Store
import Synchronization

/// A batch's events, and those of them that are outside the limits of events.
struct DecodedBatch: Sendable {
  let columns: BatchColumns
  let rejected: [RejectedRow]

  init(_ columns: BatchColumns) {
    self.columns = columns
    rejected = columns.problems().map { row, problem in
      RejectedRow(row: row, code: "invalid_event", reason: "The event is not valid: \(problem).")
    }
  }
}

/// Threads that check and decode what collectors send: as many as there are cores.
final class BatchDecoders: Sendable {
  private actor Decoder {
    private let worker: Worker
    private let decompressor = ZstdDecompressor()

    init(name: String) { worker = Worker(name: name) }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
      unsafe worker.asUnownedSerialExecutor()  // SAFETY: stored, so it outlives the actor.
    }

    func decode(
      _ body: [UInt8], _ envelope: BatchEnvelope, _ limits: BatchLimits
    ) throws(BatchProblem) -> DecodedBatch {
      let plain = try envelope.plainBody(body.span, decompressor: decompressor, limits: limits)
      return DecodedBatch(try BatchColumns(decoding: plain, for: envelope.header, limits: limits))
    }

    func decode(
      _ body: [UInt8], plainBytes: Int, _ limits: BatchLimits,
      seal: @Sendable (_ rows: Int) -> SealedBatch
    ) throws(BatchProblem) -> (DecodedBatch, SealedBatch) {
      let plain: [UInt8]
      do {
        plain = try decompressor.decompress(
          body.span, exactSize: plainBytes, limit: limits.plainBytes)
      } catch { throw .badCompression }
      let columns = try BatchColumns(decoding: plain, limits: limits)
      return (DecodedBatch(columns), seal(columns.rowCount))
    }
  }

  private let decoders: [Decoder]
  private let turn = Atomic<Int>(0)

  init(count: Int) { decoders = (0..<count).map { Decoder(name: "decode-\($0)") } }

  /// Checks the digest, decompresses within bounds, and decodes.
  func decode(
    _ body: [UInt8], _ envelope: BatchEnvelope, _ limits: BatchLimits
  ) async throws(BatchProblem) -> DecodedBatch {
    try await nextDecoder.decode(body, envelope, limits)
  }

  /// Decompresses within bounds and decodes a body without an envelope, and has it sealed, which
  /// hashes all of it, on the same thread.
  func decode(
    _ body: [UInt8], plainBytes: Int, _ limits: BatchLimits,
    seal: @Sendable (_ rows: Int) -> SealedBatch
  ) async throws(BatchProblem) -> (DecodedBatch, SealedBatch) {
    try await nextDecoder.decode(body, plainBytes: plainBytes, limits, seal: seal)
  }

  private var nextDecoder: Decoder {
    let next = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return decoders[Int(UInt(bitPattern: next) % UInt(decoders.count))]
  }
}
