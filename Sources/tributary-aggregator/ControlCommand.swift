import Aggregator
import HTTP
import Platform
import Settings

/// Commands to a running aggregator, over the socket in its data folder.
enum ControlCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let folder = AggregatorProgram.folder(invocation)
    do {
      let loop = try EventLoop(name: "control")
      let client = HTTPClient(
        net: SystemNet(loops: [loop], resolver: Worker(name: "resolver")),
        address: .unix(path: folder.controlSocketPath), host: "localhost", tls: nil)
      let answer = try await client.send(try request(invocation), timeout: .seconds(30))
      let text = String(decoding: answer.body, as: UTF8.self)
      guard answer.status < 400 else { AggregatorProgram.terminal.fail(text, .negative) }
      AggregatorProgram.terminal.print(text + "\n")
      AggregatorProgram.terminal.end(.success)
    } catch HTTPClientError.unreachable {
      AggregatorProgram.terminal.fail(
        "no aggregator is running on \(folder.directory.path): start it with run", .unavailable)
    } catch let problem as UsageProblem {
      AggregatorProgram.terminal.fail("\(problem)", .usage)
    } catch {
      AggregatorProgram.terminal.fail("\(error)", .internal)
    }
  }

  private static func request(_ invocation: Invocation) throws -> OutgoingRequest {
    switch invocation.command {
    case ["collector", "add"]:
      let projects = invocation.values("project").map { "project=\($0)" }
      return try OutgoingRequest(
        .post, target: "/collectors?" + projects.joined(separator: "&"), host: "localhost")
    case ["collector", "list"]:
      return try OutgoingRequest(.get, target: "/collectors", host: "localhost")
    case ["collector", "revoke"]:
      guard let id = invocation.operands.first else {
        AggregatorProgram.terminal.fail("name the collector's id", .usage)
      }
      return try OutgoingRequest(.delete, target: "/collectors/\(id)", host: "localhost")
    case ["project", "add"]:
      var parameters: [String] = []
      if let id = invocation.operands.first { parameters.append("id=\(id)") }
      if let name = invocation.value("name") {
        parameters.append("name=" + PercentCoding.encode(name))
      }
      return try OutgoingRequest(
        .post, target: "/projects?" + parameters.joined(separator: "&"), host: "localhost")
    default: AggregatorProgram.terminal.fail("no such command", .usage)
    }
  }
}
