import Batches
import Compression
import Platform
import Store
import Synchronization

/// A batch's events, and those of them that are outside the limits of events.
struct DecodedBatch: Sendable {
  let columns: BatchColumns
  let rejected: [RejectedRow]
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
      let columns = try BatchColumns(decoding: plain, for: envelope.header, limits: limits)
      let rejected = columns.problems().map { row, problem in
        RejectedRow(row: row, code: "invalid_event", reason: "The event is not valid: \(problem).")
      }
      return DecodedBatch(columns: columns, rejected: rejected)
    }
  }

  private let decoders: [Decoder]
  private let turn = Atomic<Int>(0)

  init(count: Int) { decoders = (0..<count).map { Decoder(name: "decode-\($0)") } }

  /// Checks the digest, decompresses within bounds, and decodes.
  func decode(
    _ body: [UInt8], _ envelope: BatchEnvelope, _ limits: BatchLimits
  ) async throws(BatchProblem) -> DecodedBatch {
    let next = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    let decoder = decoders[Int(UInt(bitPattern: next) % UInt(decoders.count))]
    return try await decoder.decode(body, envelope, limits)
  }
}
