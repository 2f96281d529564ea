import Events
import JSON
import Operator
import Platform
import Settings

/// The tool's commands.
enum OperatorProgram {
  static let terminal = Terminal(program: "tributary")
  static let program = Program(
    name: "tributary", version: "0.1.0",
    summary: "The operator's and developer's tool of Tributary.",
    commands: [
      ImportCommand.command,
      SQLCommand.command,
      Command(
        "bench", "Measures a running pair.",
        subcommands: [
          Command(
            "batches", "Sends sealed batches to an aggregator as fast as it takes them.",
            options: [
              .value("aggregator", "URL", "where its TLS listener is", required: true),
              .value("token", "TOKEN", "an enrolment token", required: true),
              .value("project", "ID", "the project to write to", required: true),
              .value("sample", "FILE", "NDJSON events to send, again and again", required: true),
              .value("events", "N", "how many events; 1,000,000 if not given"),
              .value("batch", "N", "events in a batch; 1,000 if not given"),
              .value("connections", "N", "connections at one time; 5 if not given"),
              .flag("json", "print one JSON object"),
            ])
        ]),
    ],
    examples: [
      CommandExample(
        "tributary import events.ndjson --data /var/lib/tributary/aggregator",
        "brings a file of events into the aggregator of this machine"),
      CommandExample(
        "tributary bench batches --aggregator https://localhost:7443 --token te_… --project my-app"
          + " --sample events.ndjson",
        "how many events a second an aggregator stores"),
    ])

  static func main() {
    do {
      switch try program.parse(Array(CommandLine.arguments.dropFirst())) {
      case .print(let text): terminal.print(text)
      case .run(let invocation) where invocation.command == ["import"]:
        ImportCommand.run(invocation)
      case .run(let invocation) where invocation.command == ["sql"]:
        SQLCommand.run(invocation)
      case .run(let invocation):
        terminal.wait {
          do { try await benchBatches(invocation) } catch {
            terminal.fail("\(error)", .unavailable)
          }
          terminal.end(.success)
        }
      }
    } catch { terminal.fail("\(error)", .usage) }
  }

  private static func benchBatches(_ invocation: Invocation) async throws {
    func number(_ name: String, _ standard: Int) -> Int {
      guard let text = invocation.value(name) else { return standard }
      guard let number = Int(text), number > 0 else {
        terminal.fail("--\(name) has to be a positive number", .usage)
      }
      return number
    }
    guard let url = invocation.value("aggregator").flatMap({ ServerURL(settingText: $0) }) else {
      terminal.fail("--aggregator is no URL such as https://localhost:7443", .usage)
    }
    let bench = BatchBench(
      events: number("events", 1_000_000), eventsPerBatch: number("batch", 1_000),
      connections: number("connections", 5))
    let path = invocation.value("sample") ?? ""
    let sample = try wholeFile(path)
    let figures = try await bench.run(
      .tcp(host: url.host, port: url.port), host: url.host,
      token: invocation.value("token") ?? "",
      project: try ProjectID(invocation.value("project") ?? ""), sample: sample,
      loops: [try EventLoop(name: "bench")])
    if invocation.isGiven("json") {
      var json = JSONWriter(capacity: 256)
      json.beginObject()
      json.key("events")
      json.integer(figures.events)
      json.key("batches")
      json.integer(figures.batches)
      json.key("wire_bytes")
      json.integer(figures.wireBytes)
      json.key("duplicates")
      json.integer(figures.duplicates)
      json.key("seconds")
      json.double(figures.seconds)
      json.key("events_per_second")
      json.double(figures.eventsPerSecond)
      json.endObject()
      json.endLine()
      terminal.print(String(decoding: json.bytes, as: UTF8.self))
    } else {
      terminal.print(
        "\(figures.events) events in \(figures.batches) batches, \(figures.wireBytes) bytes: "
          + "\(Int(figures.eventsPerSecond)) events/s\n")
    }
  }

  private static func wholeFile(_ path: String) throws -> [UInt8] {
    let file = try File(path, for: .reading)
    let size = try file.size
    return try file.read(size, at: 0)
  }
}
