import Platform
import Synchronization

/// How long an import keeps trying where nothing gets through.
struct ImportPatience: Equatable {
  let limit: Duration
  /// Since when nothing has got through; nil while something does.
  private(set) var stuckSince: UInt64?

  init(_ limit: Duration) { self.limit = limit }

  mutating func gotThrough() { stuckSince = nil }

  /// An attempt came to nothing at this time (monotonic nanoseconds). False once it is enough.
  mutating func failed(at now: UInt64) -> Bool {
    let since = stuckSince ?? now
    stuckSince = since
    return .nanoseconds(Int64(clamping: now &- since)) < limit
  }

  /// How long to wait before the attempt of this number, where the other side does not say.
  static func pause(before attempt: Int) -> Duration {
    .milliseconds(min(100 << min(attempt, 6), 3_000))
  }
}

/// Brings parcels to the store, however often that takes, and writes down what became of them.
final class ImportSender: Sendable {
  private let way: ImportWay
  private let book: ImportBook
  private let source: ImportSource
  private let rejected: RejectedLines?
  private let loop: EventLoop
  private let patience: Mutex<ImportPatience>

  /// Parcels of one thread that are on their way at a time: one is packed while the others wait for
  /// the disk.
  static let window = 3

  init(
    _ way: ImportWay, book: ImportBook, source: ImportSource, rejected: RejectedLines?,
    loop: EventLoop, patience: ImportPatience
  ) {
    self.way = way
    self.book = book
    self.source = source
    self.rejected = rejected
    self.loop = loop
    self.patience = Mutex(patience)
  }

  /// Returns once the parcel is settled; false where the import was stopped before.
  func deliver(_ parcel: ImportParcel) async throws(ImportFailure) -> Bool {
    var attempt = 0
    while true {
      switch await way.send(parcel) {
      case .taken(let receipt):
        patience.withLock { $0.gotThrough() }
        settle(parcel, receipt)
        return true
      case .failed(let failure): throw failure
      case .later(let pause, let obstacle):
        if source.hasStopped { return false }
        guard patience.withLock({ $0.failed(at: SystemClock.monotonicNanoseconds) }) else {
          throw .gaveUp(obstacle)
        }
        book.noteRetry(obstacle)
        if await !wait(pause ?? ImportPatience.pause(before: attempt)) { return false }
        attempt += 1
      }
    }
  }

  /// Waits in short pieces, so that who stops the import need not; false where that happened.
  private func wait(_ pause: Duration) async -> Bool {
    var rest = pause
    while rest > .zero {
      if source.hasStopped { return false }
      await loop.sleep(for: min(rest, .milliseconds(200)))
      rest -= .milliseconds(200)
    }
    return !source.hasStopped
  }

  private func settle(_ parcel: ImportParcel, _ receipt: ImportReceipt) {
    for row in receipt.rejected {
      let place = LinePlace(packed: parcel.places[row.row])
      book.refuse(row.code, row.reason, block: place.block, line: place.line)
      if let line = parcel.line(row.row) { rejected?.append(line.span) }
    }
    book.settle(
      parcel.blocks, accepted: receipt.accepted, duplicates: receipt.duplicates ?? 0)
  }
}
