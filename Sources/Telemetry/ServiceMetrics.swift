/// What both programs count where events come in.
package struct IntakeMetrics: Sendable {
  /// The series of one project. Keep it with whatever else is kept about the project.
  package struct Project: Sendable {
    package let accepted: Counter
    package let rejected: Counter
    package let duplicate: Counter
  }

  private let events: MetricFamily<Counter>
  private let latency: MetricFamily<Histogram>
  private let refusals: MetricFamily<Counter>

  package init(_ registry: MetricRegistry) {
    events = registry.counters(
      "ingest_events_total", "Events received, by project and by what became of them.",
      by: [.open("project_id"), "outcome"])
    latency = registry.histograms(
      "ingest_latency_seconds", "Time from a request's arrival to its durable answer.",
      by: ["dialect"])
    refusals = registry.counters(
      "ingest_requests_refused_total", "Intake requests refused as a whole, by reason.",
      by: ["reason"])
  }

  package func project(_ id: String) -> Project {
    Project(
      accepted: events.with(id, "accepted"), rejected: events.with(id, "rejected"),
      duplicate: events.with(id, "duplicate"))
  }

  /// The histogram of one client shape.
  package func latency(of dialect: String) -> Histogram { latency.with(dialect) }

  /// Requests of which nothing was taken: a missing key, a full spool, a body too large.
  package func refused(_ reason: String) -> Counter { refusals.with(reason) }
}

/// What the aggregator counts where questions come in.
package struct ReportMetrics: Sendable {
  private let durations: MetricFamily<Histogram>
  private let totals: MetricFamily<Counter>

  package init(_ registry: MetricRegistry) {
    durations = registry.histograms(
      "report_query_duration_seconds", "Time to answer a question, by kind of question.",
      by: ["query"])
    totals = registry.counters(
      "report_query_total", "Questions asked, by kind and by how they ended.",
      by: ["query", "outcome"])
  }

  package func duration(of query: String) -> Histogram { durations.with(query) }
  package func total(of query: String, _ outcome: String) -> Counter { totals.with(query, outcome) }
}
