import Synchronization

/// One dimension of a metric.
package struct MetricLabel: Equatable, Sendable, ExpressibleByStringLiteral {
  package let name: String
  /// Whether its values come from outside, so that there may be any number of them.
  package let isOpen: Bool

  /// A label whose values are words of our own, few and known.
  package init(stringLiteral value: String) {
    self.init(name: value, isOpen: false)
  }

  /// A label whose values come from outside: a project, a collector, an event's name.
  package static func open(_ name: String) -> MetricLabel { MetricLabel(name: name, isOpen: true) }

  private init(name: String, isOpen: Bool) {
    precondition(isValidMetricName(name, colons: false), "not a label name: \(name)")
    self.name = name
    self.isOpen = isOpen
  }
}

/// A metric with labels: one series for each combination of values.
///
/// Ask for a series once and keep it; the asking takes a lock. Where more combinations turn up than
/// the limit, what is new is counted under `__other__` in place of its open labels: the scrape stays
/// small whatever clients invent, and the sums stay right.
package final class MetricFamily<Series: Sendable>: Sendable {
  package static var overflowValue: String { "__other__" }
  package static var defaultLimit: Int { 200 }

  private let labels: [MetricLabel]
  private let limit: Int
  private let make: @Sendable () -> Series
  private let series = Mutex<[[String]: Series]>([:])
  private let overflow = Counter()

  init(labels: [MetricLabel], limit: Int, make: @escaping @Sendable () -> Series) {
    precondition(!labels.isEmpty && limit > 0)
    self.labels = labels
    self.limit = limit
    self.make = make
  }

  /// The series with these values, in the order of the labels.
  package func with(_ values: String...) -> Series { with(values) }

  package func with(_ values: [String]) -> Series {
    precondition(values.count == labels.count, "\(labels.map(\.name)) want as many values")
    return series.withLock { series in
      if let known = series[values] { return known }
      guard series.count >= limit, labels.contains(where: \.isOpen) else {
        return Self.insert(values, make, into: &series)
      }
      overflow.add()
      let other = zip(labels, values).map { $0.isOpen ? Self.overflowValue : $1 }
      return series[other] ?? Self.insert(other, make, into: &series)
    }
  }

  private static func insert(
    _ values: [String], _ make: () -> Series, into series: inout [[String]: Series]
  ) -> Series {
    let fresh = make()
    series[values] = fresh
    return fresh
  }

  /// How often a new combination was put under `__other__`.
  package var overflowed: Int { overflow.current }

  /// All series with their labels, in a stable order.
  var all: [(labels: [(name: String, value: String)], series: Series)] {
    let found = series.withLock { $0 }
    return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { entry in
        (labels: zip(labels, entry.key).map { (name: $0.name, value: $1) }, series: entry.value)
      }
  }
}

/// Whether Prometheus takes this as the name of a metric, or without colons of a label.
func isValidMetricName(_ name: String, colons: Bool = true) -> Bool {
  guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
  return name.utf8.allSatisfy { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
    case 0x3A: colons
    default: false
    }
  }
}
