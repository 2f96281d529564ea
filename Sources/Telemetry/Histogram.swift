internal import Platform
import Synchronization

/// How often a quantity fell into each of a few fixed ranges, and its sum. Observing costs a short
/// search and two atomic additions; nothing is allocated and nobody waits.
package final class Histogram: Sendable {
  package let bounds: HistogramBounds
  // One cell for each bound and one for what lies above them all.
  private let cells = InlineArray<32, Atomic<Int>> { _ in Atomic(0) }
  private let total = Atomic(0)

  package init(_ bounds: HistogramBounds) { self.bounds = bounds }

  /// Counts a quantity in the unit of the bounds: nanoseconds where they are seconds.
  package func observe(_ quantity: Int) {
    var cell = 0
    let thresholds = bounds.thresholds
    while cell < thresholds.count, quantity > thresholds[cell] { cell &+= 1 }
    cells[cell].wrappingAdd(1, ordering: .relaxed)
    total.wrappingAdd(quantity, ordering: .relaxed)
  }

  package func observe(_ duration: Duration) { observe(Int(duration.wholeNanoseconds)) }

  /// The counts by range, the last being what lies above every bound.
  package var counts: [Int] {
    (0...bounds.thresholds.count).map { cells[$0].load(ordering: .relaxed) }
  }

  /// The sum in the unit of the labels (seconds).
  package var sum: Double { Double(total.load(ordering: .relaxed)) * bounds.scale }
}

/// The upper ends of a histogram's ranges.
package struct HistogramBounds: Equatable, Sendable {
  package static let maximumCount = 31

  /// Ascending, in the unit in which one observes.
  let thresholds: [Int]
  /// The same as the exposition shows them.
  let labels: [Double]
  let scale: Double

  /// Times: shown in seconds, observed in nanoseconds.
  package static func seconds(_ bounds: [Double]) -> HistogramBounds {
    HistogramBounds(bounds, scale: 1e-9)
  }

  /// Bytes, rows, events: shown as they are observed.
  package static func amounts(_ bounds: [Int]) -> HistogramBounds {
    HistogramBounds(bounds.map(Double.init), scale: 1)
  }

  /// From a tenth of a millisecond to ten seconds.
  package static let latency = HistogramBounds.seconds([
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  ])

  private init(_ bounds: [Double], scale: Double) {
    precondition(
      bounds.count <= Self.maximumCount && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
      "histogram bounds ascend, and there are at most \(Self.maximumCount)")
    labels = bounds
    thresholds = bounds.map { Int(($0 / scale).rounded()) }
    self.scale = scale
  }
}
