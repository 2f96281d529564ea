import Batches
import Crypto
import Events
import Platform

@testable import Collector

/// Things that tests need and that mean nothing.
enum Sample {
  static let project: ProjectID = {
    guard let project = try? ProjectID("acme") else { preconditionFailure() }
    return project
  }()

  static let sent = SentBatch(
    id: BatchID(epoch: Batches.Epoch(high: 1, low: 2), project: project, number: 3),
    digest: sha256([7].span), audience: StoreID(high: 4, low: 5), incarnation: 6)

  static func acknowledgement(of batch: SentBatch) -> Acknowledgement {
    Acknowledgement(
      batch: batch.id, digest: batch.digest, status: .committed, accepted: 1, duplicates: 0,
      durableThrough: 1, safeThrough: 0, store: batch.audience, incarnation: batch.incarnation,
      serverMilliseconds: 0)
  }
}
