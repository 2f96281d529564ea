/// How much may be under way at once (RELIABILITY B3): at most five batches and 4 MiB, halved where
/// the other side is overloaded, and one batch more for each window that is acknowledged.
struct SendWindow: Equatable, Sendable {
  static let mostBatches = 5
  static let mostBytes = 4 << 20

  private(set) var limit = mostBatches
  private(set) var batches = 0
  private(set) var bytes = 0
  private var acknowledgedSinceGrowth = 0

  /// Whether one more of this size may go; one may always go alone.
  func admits(_ size: Int) -> Bool {
    batches == 0 || (batches < limit && bytes + size <= Self.mostBytes)
  }

  var hasRoom: Bool { admits(0) }

  mutating func sent(_ size: Int) {
    batches += 1
    bytes += size
  }

  mutating func finished(_ size: Int) {
    precondition(batches > 0 && bytes >= size, "more came back than was sent")
    batches -= 1
    bytes -= size
  }

  mutating func acknowledged() {
    acknowledgedSinceGrowth += 1
    guard acknowledgedSinceGrowth >= limit else { return }
    acknowledgedSinceGrowth = 0
    limit = min(limit + 1, Self.mostBatches)
  }

  mutating func overloaded() {
    limit = max(1, limit / 2)
    acknowledgedSinceGrowth = 0
  }
}
