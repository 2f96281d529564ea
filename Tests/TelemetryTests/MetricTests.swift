import Platform
import Testing

@testable import Telemetry

@Suite("Metrics") struct MetricTests {
  @Test("what was counted is what a reader of the format finds", arguments: UInt64(0)..<20)
  func roundTrip(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let registry = MetricRegistry()
    let family = registry.counters(
      "events_total", "Events: \\ and\nlines.", by: [.open("name"), "outcome"])
    let alphabet = ["a", "\"", "\\", "\n", "{", "}", ",", "=", "é", " ", "#"]
    var model: [ParsedExposition.Series: Double] = [:]
    for _ in 0..<40 {
      let name = (0..<Int.random(in: 0..<6, using: &random))
        .map { _ in alphabet.randomElement(using: &random)! }.joined()
      let outcome = Bool.random(using: &random) ? "accepted" : "rejected"
      let amount = Int.random(in: 1..<100, using: &random)
      family.with(name, outcome).add(amount)
      let series = ParsedExposition.Series(
        name: "events_total", labels: ["name": name, "outcome": outcome])
      model[series, default: 0] += Double(amount)
    }
    let parsed = try ParsedExposition(registry.exposition().bytes)
    #expect(parsed.samples.filter { $0.key.name == "events_total" } == model)
    #expect(parsed.types["events_total"] == "counter")
    #expect(parsed.help["events_total"] == "Events: \\ and\nlines.")
  }

  @Test("a histogram agrees with counting by hand", arguments: UInt64(0)..<20)
  func histogram(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let registry = MetricRegistry()
    let bounds = [0.001, 0.01, 0.1, 1]
    let histogram = registry.histogram("wait_seconds", "Waiting.", .seconds(bounds))
    let waits = (0..<200).map { _ in
      // Often exactly on a bound, which belongs to the range below it.
      Bool.random(using: &random)
        ? bounds.randomElement(using: &random)! : Double.random(in: 0...3, using: &random)
    }
    for wait in waits { histogram.observe(.nanoseconds(Int64((wait * 1e9).rounded()))) }
    let samples = try ParsedExposition(registry.exposition().bytes).samples
    func sample(_ suffix: String, _ labels: [String: String] = [:]) -> Double? {
      samples[ParsedExposition.Series(name: "wait_seconds" + suffix, labels: labels)]
    }
    for bound in bounds {
      let label = bound == 1 ? "1" : bound.description
      let below = waits.count { ($0 * 1e9).rounded() <= (bound * 1e9).rounded() }
      #expect(sample("_bucket", ["le": label]) == Double(below))
    }
    #expect(sample("_bucket", ["le": "+Inf"]) == 200)
    #expect(sample("_count") == 200)
    let sum = try #require(sample("_sum"))
    #expect(abs(sum - waits.reduce(0, +)) < 1e-6)
  }

  @Test("beyond its limit a family counts under __other__, and no event is missing")
  func cardinality() throws {
    let registry = MetricRegistry()
    let family = registry.counters(
      "events_total", "Events.", by: [.open("name"), "outcome"], limit: 10)
    for name in 0..<1000 {
      family.with("n\(name)", "accepted").add()
      family.with("n\(name)", "rejected").add()
    }
    let samples = try ParsedExposition(registry.exposition().bytes).samples
    let events = samples.filter { $0.key.name == "events_total" }
    #expect(events.count == 12)
    #expect(events.values.reduce(0, +) == 2000)
    let other = ParsedExposition.Series(
      name: "events_total", labels: ["name": "__other__", "outcome": "rejected"])
    #expect(events[other] == 995)
    let overflow = ParsedExposition.Series(
      name: "metrics_series_overflow_total", labels: ["metric": "events_total"])
    #expect(samples[overflow] == 1990)
  }

  @Test("a handle is the same one for the same values, and counts from many threads at once")
  func concurrency() async {
    let family = MetricFamily<Counter>(labels: ["kind"], limit: 4) { Counter() }
    let histogram = Histogram(.amounts([1, 10]))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for index in 0..<10_000 {
            family.with("a").add()
            histogram.observe(index)
          }
        }
      }
    }
    #expect(family.with("a") === family.with("a"))
    #expect(family.with("a").current == 80_000)
    #expect(histogram.counts == [16, 72, 79_912])
  }

  @Test("callbacks are read at each scrape, and one that has nothing to say is left out")
  func callbacks() throws {
    let registry = MetricRegistry()
    let depth = registry.gauge("depth_bytes", "Depth.")
    registry.gauge("twice_bytes", "Twice the depth.") { Double(depth.current) * 2.5 }
    registry.gauge("unknown_bytes", "Nothing.") { nil }
    registry.gauge("odd", "Odd values.") {
      [
        (labels: [(name: "v", value: "inf")], value: -Double.infinity),
        (labels: [(name: "v", value: "nan")], value: Double.nan),
      ]
    }
    depth.set(4)
    depth.add(2)
    depth.subtract(1)
    let text = String(decoding: registry.exposition().bytes, as: UTF8.self)
    #expect(text.contains("\ndepth_bytes 5\n"))
    #expect(text.contains("\ntwice_bytes 12.5\n"))
    #expect(!text.contains("\nunknown_bytes"))
    #expect(text.contains("odd{v=\"inf\"} -Inf\nodd{v=\"nan\"} NaN\n"))
  }

  @Test("a name that is bad or declared twice is our own mistake and traps")
  func mistakes() async {
    await #expect(processExitsWith: .failure) {
      _ = MetricRegistry().counter("requests", "Counters end in _total.")
    }
    await #expect(processExitsWith: .failure) {
      let registry = MetricRegistry()
      _ = registry.gauge("depth", "Once.")
      _ = registry.gauge("depth", "Twice.")
    }
  }

  @Test("the process metrics are those of this process")
  func process() throws {
    let registry = MetricRegistry()
    registry.addProcessMetrics()
    registry.addBuildInfo(service: "test", version: "1.2.3")
    let samples = try ParsedExposition(registry.exposition().bytes).samples
    func value(_ name: String) -> Double {
      samples[ParsedExposition.Series(name: name, labels: [:])] ?? -1
    }
    #expect(value("process_resident_memory_bytes") > 1_000_000)
    #expect(value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
    #expect(value("process_open_fds") >= 3)
    #expect(value("process_max_fds") >= value("process_open_fds"))
    #expect(value("process_threads") >= 1)
    #expect(value("process_cpu_seconds_total") >= 0)
    #expect(value("process_start_time_seconds") > 1_600_000_000)
    let build = ParsedExposition.Series(
      name: "tributary_build_info", labels: ["service": "test", "version": "1.2.3"])
    #expect(samples[build] == 1)
  }

  @Test("the name of a program cannot shift the fields of stat")
  func hostileName() {
    let rest = (3...30).map { String($0) }.joined(separator: " ")
    let usage = ProcessUsage(
      stat: "1 (a) R 9 (b) \(rest)", ticksPerSecond: 100, pageSize: 4096, bootSeconds: 1000)
    #expect(usage?.residentBytes == 24 * 4096)
    #expect(usage?.processorSeconds == 0.29)
    #expect(usage?.startSeconds == 1000.22)
    for text in ["", "1 (a", "1 (a) R 1 2 3"] {
      #expect(ProcessUsage(stat: text, ticksPerSecond: 1, pageSize: 1, bootSeconds: 0) == nil)
    }
  }

  @Test("the metrics of the services carry the names their users know")
  func names() throws {
    let registry = MetricRegistry()
    let intake = IntakeMetrics(registry)
    let reports = ReportMetrics(registry)
    intake.project("acme").accepted.add(3)
    intake.latency(of: "prism").observe(.milliseconds(2))
    intake.refused("no_key").add()
    reports.duration(of: "stats").observe(.milliseconds(2))
    reports.total(of: "stats", "ok").add()
    let parsed = try ParsedExposition(registry.exposition().bytes)
    #expect(parsed.types["ingest_events_total"] == "counter")
    #expect(parsed.types["ingest_latency_seconds"] == "histogram")
    #expect(parsed.types["report_query_duration_seconds"] == "histogram")
    #expect(parsed.types["report_query_total"] == "counter")
    let accepted = ParsedExposition.Series(
      name: "ingest_events_total", labels: ["project_id": "acme", "outcome": "accepted"])
    #expect(parsed.samples[accepted] == 3)
  }
}
