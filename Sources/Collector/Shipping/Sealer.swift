import Batches
import Compression
import Crypto
import Platform
import Spool

/// Makes batches of what waits in the spool: columns, compression and signature, on a thread of its
/// own. It keeps the memory of its tables from one batch to the next.
actor Sealer {
  private let worker: Worker
  private let identity: Identity
  private let key: SigningKey
  private let boot: BootID
  private let clock: any Clock
  private var encoder = BatchEncoder()
  private let compressor = ZstdCompressor()
  private let decompressor = ZstdDecompressor()

  init(
    worker: Worker, identity: Identity, key: SigningKey, boot: BootID, clock: any Clock
  ) {
    self.worker = worker
    self.identity = identity
    self.key = key
    self.boot = boot
    self.clock = clock
  }

  // SAFETY: the worker lives as long as its process.
  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// The batch of this work. Throws where a record is none of ours.
  func seal(_ work: Work) throws(BatchProblem) -> [UInt8] {
    switch work.content {
    case .events(let block):
      let body = try encoder.encode(records: block.records.span, ends: block.ends.span)
      return Batches.SealedBatch.seal(
        body, firstSequence: UInt64(work.firstSequence),
        as: label(work, epoch: work.epoch, number: UInt64(work.batch)), key: key,
        compressor: compressor
      ).bytes
    case .gap(let gap):
      // Lost numbers of an older epoch are told under that epoch, as a batch that it never had.
      let isOld = gap.epoch != work.epoch
      let number = isOld ? 1 << 62 + UInt64(gap.id) : UInt64(work.batch)
      let first = UInt64(max(1, gap.sequence))
      let last = first + UInt64(max(1, gap.count ?? 1)) - 1
      return Batches.SealedBatch.seal(
        BatchHeader.Gap(Self.reason(gap), isOpenEnded: gap.count == nil), sequences: first...last,
        as: label(work, epoch: gap.epoch, number: number), key: key
      ).bytes
    }
  }

  /// Whether these bytes are what was sealed once: our own signature, and a body that is what it
  /// was signed for.
  func isSound(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try BatchEnvelope.open(bytes, key: key.verifyingKey, decompressor: decompressor)
      return true
    } catch { return false }
  }

  private func label(
    _ work: Work, epoch: SpoolEpoch, number: UInt64
  ) -> Batches.SealedBatch.Label {
    Batches.SealedBatch.Label(
      audience: identity.store, collector: identity.collector,
      epoch: Batches.Epoch(high: epoch.high, low: epoch.low), project: work.project,
      number: number,
      created: BatchHeader.Created(
        wallMilliseconds: clock.wallMilliseconds, boot: boot,
        monotonicMilliseconds: clock.monotonicNanoseconds / 1_000_000))
  }

  private static func reason(_ gap: Gap) -> BatchHeader.Gap.Reason {
    switch Gap.Reason(rawValue: gap.reason) {
    case .quarantined: .quarantined
    case .notKept: .dropped
    case .logCut, .damaged, .databaseLost, nil: .damaged
    }
  }
}
