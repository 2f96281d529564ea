import Synchronization

/// What a program can tell Prometheus about itself. Metrics are declared once, at start, and used
/// through the handles that the declarations return; only a scrape walks through all of them.
///
/// A name is declared once: a second declaration, or a name that Prometheus would refuse, is a
/// mistake of ours and traps.
package final class MetricRegistry: Sendable {
  package typealias Labels = Exposition.Labels

  private struct Metric: Sendable {
    let name: String
    let type: String
    let help: String
    let render: @Sendable (inout Exposition) -> Void
    let overflowed: @Sendable () -> Int?
  }

  private let metrics = Mutex<[Metric]>([])

  package init() {}

  /// Everything as of now, in the order of declaration.
  package func exposition() -> Exposition {
    let metrics = metrics.withLock { $0 }
    var text = Exposition()
    for metric in metrics {
      text.header(metric.name, type: metric.type, help: metric.help)
      metric.render(&text)
    }
    let overflow = "metrics_series_overflow_total"
    text.header(
      overflow, type: "counter",
      help: "Label combinations beyond a metric's limit, counted under __other__ instead.")
    for metric in metrics {
      guard let count = metric.overflowed() else { continue }
      text.sample(overflow, [(name: "metric", value: metric.name)], count)
    }
    return text
  }

  private func declare(
    _ name: StaticString, _ type: String, _ help: StaticString,
    overflowed: @escaping @Sendable () -> Int? = { nil },
    _ render: @escaping @Sendable (String, inout Exposition) -> Void
  ) {
    let name = name.description
    precondition(isValidMetricName(name), "not a metric name: \(name)")
    precondition(
      (type == "counter") == name.hasSuffix("_total"), "\(name): exactly counters end in _total")
    metrics.withLock { metrics in
      precondition(!metrics.contains { $0.name == name }, "\(name) is declared twice")
      metrics.append(
        Metric(
          name: name, type: type, help: help.description, render: { render(name, &$0) },
          overflowed: overflowed))
    }
  }
}

// MARK: - Declarations

extension MetricRegistry {
  package func counter(_ name: StaticString, _ help: StaticString) -> Counter {
    let counter = Counter()
    declare(name, "counter", help) { $1.sample($0, [], counter.current) }
    return counter
  }

  package func counters(
    _ name: StaticString, _ help: StaticString, by labels: [MetricLabel],
    limit: Int = MetricFamily<Counter>.defaultLimit
  ) -> MetricFamily<Counter> {
    let family = MetricFamily(labels: labels, limit: limit) { Counter() }
    declare(name, "counter", help, overflowed: { family.overflowed }) { name, text in
      for (labels, series) in family.all { text.sample(name, labels, series.current) }
    }
    return family
  }

  /// A counter that somebody else keeps, read at each scrape; nil leaves it out.
  package func counter(
    _ name: StaticString, _ help: StaticString, read: @escaping @Sendable () -> Double?
  ) {
    declare(name, "counter", help) { if let value = read() { $1.sample($0, [], value) } }
  }

  package func gauge(_ name: StaticString, _ help: StaticString) -> Gauge {
    let gauge = Gauge()
    declare(name, "gauge", help) { $1.sample($0, [], gauge.current) }
    return gauge
  }

  package func gauges(
    _ name: StaticString, _ help: StaticString, by labels: [MetricLabel],
    limit: Int = MetricFamily<Gauge>.defaultLimit
  ) -> MetricFamily<Gauge> {
    let family = MetricFamily(labels: labels, limit: limit) { Gauge() }
    declare(name, "gauge", help, overflowed: { family.overflowed }) { name, text in
      for (labels, series) in family.all { text.sample(name, labels, series.current) }
    }
    return family
  }

  /// A gauge that is read at each scrape, from whatever thread that is; nil leaves it out.
  package func gauge(
    _ name: StaticString, _ help: StaticString, read: @escaping @Sendable () -> Double?
  ) {
    declare(name, "gauge", help) { if let value = read() { $1.sample($0, [], value) } }
  }

  /// Labelled values that are read at each scrape. The caller bounds how many there are.
  package func gauge(
    _ name: StaticString, _ help: StaticString,
    readAll: @escaping @Sendable () -> [(labels: Labels, value: Double)]
  ) {
    declare(name, "gauge", help) { name, text in
      for (labels, value) in readAll() { text.sample(name, labels, value) }
    }
  }

  package func histogram(
    _ name: StaticString, _ help: StaticString, _ bounds: HistogramBounds = .latency
  ) -> Histogram {
    let histogram = Histogram(bounds)
    declare(name, "histogram", help) { $1.sample($0, [], histogram) }
    return histogram
  }

  package func histograms(
    _ name: StaticString, _ help: StaticString, _ bounds: HistogramBounds = .latency,
    by labels: [MetricLabel], limit: Int = MetricFamily<Histogram>.defaultLimit
  ) -> MetricFamily<Histogram> {
    let family = MetricFamily(labels: labels, limit: limit) { Histogram(bounds) }
    declare(name, "histogram", help, overflowed: { family.overflowed }) { name, text in
      for (labels, series) in family.all { text.sample(name, labels, series) }
    }
    return family
  }
}
