import Batches
import Calendar
import Compression
import Crypto
import Events
import Glibc
import JSON
import Kernels
import Platform
import Query
import Sections
import Synchronization

/// The benchmark's questions about people over sealed sections in memory: what each costs an event with
/// one thread and with two, once its answer is that of the oracle.
@Sendable func benchmarkPeople(_ arguments: [String]) throws {
  guard arguments.count >= 2 else {
    fatalError("usage: micro people <events.ndjson> <oracle.json> [zone file] [question]")
  }
  let bench = try PeopleBench(
    arguments[0], oracle: arguments[1], zone: arguments.dropFirst(2).first)
  let only = arguments.count > 3 ? arguments[3] : nil
  for question in bench.questions where only == nil || question.name == only {
    try bench.run(question)
  }
}

private struct PeopleBench {
  struct Asked {
    let name: String
    /// The answer's rows as the oracle has them.
    let ask: @Sendable (FlowKernels) async throws -> [[JSONValue]]
  }

  let snapshot: Snapshot
  let events: Int
  let oracle: JSONValue
  let scope: Scope

  init(_ path: String, oracle oraclePath: String, zone: String?) throws {
    let bytes = readFile(path)
    let marker = Array("\"project_id\":\"acme-web\"".utf8)
    var known: Set<[UInt8]> = []
    // The id stands first in a line; every answer counts each once.
    let chosen = lines(of: bytes).filter {
      isIn(bytes, $0, marker)
        && known.insert(Array(bytes[$0.lowerBound..<$0.lowerBound + 52])).inserted
    }
    var rows = BatchRows(secret: benchmarkSecret, windows: WindowRule(months: 0..<(1 << 47)))
    var encoder = BatchEncoder()
    for start in stride(from: 0, to: chosen.count, by: 1_000) {
      let list = try records(
        Array(chosen[start..<min(start + 1_000, chosen.count)]), bytes, receivedAt: nil)
      let body = try encoder.encode(records: list.bytes.span, ends: list.ends.span)
      rows.add(try BatchColumns(decoding: body.bytes), from: "bench", clockShift: 0) { _ in false }
    }
    events = chosen.count
    let sections = try rows.sections(project: try ProjectID("acme-web"), seed: 7)
      .map { try Section($0) }
    snapshot = Snapshot(sections, of: benchmarkSecret)
    _ = try snapshot.people()
    let text = readFile(oraclePath)
    var cursor = JSONCursor(at: 0)
    oracle = try cursor.value(text.span)
    let parameters = oracle["parameters"]
    guard case .integer(let from) = parameters?["from_ms"],
      case .integer(let to) = parameters?["to_ms"]
    else { fatalError("no range") }
    let rules = readFile(zone ?? "/usr/share/zoneinfo/Europe/Berlin")
    scope = Scope(
      Instant(milliseconds: from)..<Instant(milliseconds: to),
      zone: try Zone(name: "Europe/Berlin", file: rules.span))
    print("\(events) events, \(sections.count) sections")
    try timeDirectories(of: sections)
  }

  /// What the directory of people costs: made anew, and from that of all sections but the smallest.
  private func timeDirectories(of sections: [Section]) throws {
    let sections = sections.sorted { $0.rowCount > $1.rowCount }
    let clock = ContinuousClock()
    var (anew, extended) = (Duration.seconds(1_000), Duration.seconds(1_000))
    for _ in 0..<10 {
      let memory = PeopleMemory()
      let first = Snapshot(
        Array(sections.dropLast()), of: benchmarkSecret, remembering: memory)
      anew = min(anew, try clock.measure { _ = try first.people() })
      let all = Snapshot(sections, of: benchmarkSecret, remembering: memory)
      extended = min(extended, try clock.measure { _ = try all.people() })
    }
    let runs = try sections.map { try $0.runs().count }
    print(
      "directory: \(runs.dropLast().reduce(0, +)) runs anew \(hundredths(anew / .milliseconds(1))) ms,"
        + " \(runs.last ?? 0) more \(hundredths(extended / .milliseconds(1))) ms")
  }

  /// Asks once to compare, then again and again.
  func run(_ question: Asked) throws {
    for count in [1, 2] {
      let threads = KernelThreads(count: count)
      let snapshot = snapshot
      let ask: @Sendable () async throws -> [[JSONValue]] = {
        try await question.ask(
          FlowKernels(
            snapshot, on: threads, within: Budget(.standard, clock: RunningClock())))
      }
      let rows = try wait(ask)
      if count == 1 { compare(question.name, rows) }
      let clock = ContinuousClock()
      var best = Duration.seconds(1_000)
      let deadline = clock.now + .seconds(2)
      while clock.now < deadline {
        best = min(best, try clock.measure { _ = try wait(ask) })
      }
      let each = best / .nanoseconds(1) / Double(events)
      print(
        "\(question.name), \(count) threads: \(hundredths(each)) ns an event, "
          + "\(hundredths(best / .milliseconds(1))) ms")
    }
  }

  private func hundredths(_ number: Double) -> Double { (number * 100).rounded() / 100 }

  private func compare(_ name: String, _ rows: [[JSONValue]]) {
    guard case .array(let expected) = oracle["answers"]?[name]?["rows"] else { return }
    let same =
      expected.count == rows.count
      && zip(expected, rows).allSatisfy { expected, row in
        guard case .array(let expected) = expected, expected.count == row.count else {
          return false
        }
        return zip(expected, row).allSatisfy(isSame)
      }
    guard same else {
      for (number, row) in rows.enumerated() where number < 5 { print("  ours \(row)") }
      for row in expected.prefix(5) { print("  oracle \(row)") }
      fatalError("\(name): not the oracle's answer, \(rows.count) rows for \(expected.count)")
    }
  }

  /// Real numbers are written with twelve digits.
  private func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
    if let a = Value(left)?.number, let b = Value(right)?.number {
      return abs(a - b) <= 1e-9 * max(1, abs(a))
    }
    return left == right
  }
}

private struct RunningClock: Clock {
  var wallMilliseconds: Int64 { 0 }
  var monotonicNanoseconds: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
  func sleep(for duration: Duration) async {}
}

/// Waits for work that other threads do.
private func wait<Output: Sendable>(
  _ work: @escaping @Sendable () async throws -> Output
) throws -> Output {
  let box = Box<Output>()
  Task.detached {
    do { box.set(.success(try await work())) } catch { box.set(.failure(error)) }
  }
  return try box.get()
}

private final class Box<Output: Sendable>: Sendable {
  private let result = Mutex<Result<Output, any Error>?>(nil)
  func set(_ value: Result<Output, any Error>) { result.withLock { $0 = value } }
  func get() throws -> Output {
    while true {
      if let value = result.withLock({ $0 }) { return try value.get() }
      sched_yield()
    }
  }
}

extension PeopleBench {
  private func selectors(_ names: [String]) -> [FunnelQuestion.Step] {
    names.map { FunnelQuestion.Step(EventSelector($0)) }
  }

  private func funnel(_ names: [String]) -> FunnelQuestion {
    var funnel = FunnelQuestion(scope, steps: selectors(names))
    funnel.windowMilliseconds = 604_800_000
    return funnel
  }

  fileprivate var questions: [Asked] {
    let names = ["page_view", "signup_click", "signup_complete", "purchase"]
    let three = funnel(Array(names.prefix(3)))
    let four = funnel(names)
    func steps(_ name: String, _ funnel: FunnelQuestion) -> Asked {
      Asked(name: name) { kernels in
        let row = try await kernels.content(of: funnel).rows[0]
        return row.reached.enumerated().map { [.integer(Int64($0 + 1)), .integer(Int64($1))] }
      }
    }
    return [
      steps("funnel3", three), steps("funnel4", four), groups("funnel_breakdown", four),
      retention("retention_daily", .day, 31),
      retention("retention_weekly", .week, 53), sessions("sessions", .sessionID),
      sessions("sessionize", .gaps),
    ]
  }

  private func groups(_ name: String, _ funnel: FunnelQuestion) -> Asked {
    Asked(name: name) { kernels in
      var funnel = funnel
      funnel.breakdown = AttributedBreakdown(
        try Breakdown(by: [PropertyPath("ctx.device_type")]), by: .eachValue)
      let rows = try await kernels.content(of: funnel).rows.dropFirst().flatMap { row in
        row.reached.enumerated().map { step, count -> [JSONValue] in
          guard case .values(let values) = row.group, let value = values.first else { return [] }
          return [value.json, .integer(Int64(step + 1)), .integer(Int64(count))]
        }
      }
      return rows.sorted { left, right in
        left[0] == right[0]
          ? (Value(left[1]) ?? .null) < (Value(right[1]) ?? .null)
          : (Value(left[0]) ?? .null) < (Value(right[0]) ?? .null)
      }
    }
  }

  private func sessions(_ name: String, _ cut: SessionRules.Cut) -> Asked {
    var asked = SessionsQuestion(scope, by: .day, rules: .by(cut))
    asked.cutting.capMilliseconds = .max
    asked.bounce = .singleEvent
    asked.isClipped = true
    let (question, zone) = (asked, scope.zone)
    return Asked(name: name) { kernels in
      try await kernels.content(of: question).rows[0].pieces.map { piece in
        let measures = piece.measures
        return [
          .string(Bucket.day.label(of: piece.start, in: zone)), .integer(Int64(measures.sessions)),
          .double((measures.meanMilliseconds ?? 0) / 1_000), .double(measures.bounceRate ?? 0),
        ]
      }
    }
  }

  private func retention(_ name: String, _ interval: Interval, _ columns: Int) -> Asked {
    let (question, zone) = (RetentionQuestion(scope, by: interval), scope.zone)
    return Asked(name: name) { kernels in
      let content = try await kernels.content(of: question, asOf: Instant(milliseconds: .max))
      var rows: [[JSONValue]] = []
      for (cohort, cells) in content.rows[0].cells.enumerated() {
        let label = JSONValue.string(
          (interval.bucket(.monday) ?? .day).label(of: content.starts[cohort], in: zone))
        for (column, count) in cells.prefix(columns).enumerated() where count > 0 {
          rows.append([label, .integer(Int64(column)), .integer(Int64(count))])
        }
      }
      return rows
    }
  }
}
