import Crypto
import Events
import Platform
import SQLite
import Telemetry
import Tenancy

/// What a request pays beside its work: finding its key, counting itself, and a log line that the
/// level leaves out.
func benchmarkRequest(_: [String]) throws {
  let database = try Database(
    path: ":memory:", configuration: DatabaseConfiguration(access: .owner, pragmas: []))
  let store = try TenancyStore(database, clock: StoppedClock())
  let project = try store.addProject(name: "Benchmark").id
  var secrets: [String] = []
  for _ in 0..<100 { secrets.append(try store.addKey(.write, project: project).secret.text) }
  let client = try store.addClient(project: project).client.id
  let board = store.board
  let keys = secrets.map { Array($0.utf8) }
  let id = Array(client.utf8)
  let registry = MetricRegistry()
  let counter = registry.counter("requests_total", "Requests.")
  let histogram = registry.histogram("request_seconds", "Time.")
  let log = Log(LogOutput(service: "micro", clock: StoppedClock()))
  let count = 100_000

  func each(_ name: String, _ body: (Int) -> Void) {
    measure(name, bytes: 0, items: count) { for index in 0..<count { body(index) } }
  }

  var missing = 0
  each("key to grant") { index in
    let key = keys[index % keys.count]
    if board.current.grant(forKey: key.span, at: 1) == nil { missing += 1 }
  }
  each("client id to grant") { _ in
    if board.current.grant(forClient: id.span, secret: nil, at: 1) == nil { missing += 1 }
  }
  precondition(missing == 0)
  each("count") { _ in counter.add() }
  each("observe") { index in histogram.observe(index * 50) }
  each("log line left out") { index in log.debug("request", ["index": .integer(index)]) }
}

private struct StoppedClock: Clock {
  var wallMilliseconds: Int64 { 1_777_889_472_345 }
  var monotonicNanoseconds: UInt64 { 0 }
  func sleep(for duration: Duration) async {}
}
