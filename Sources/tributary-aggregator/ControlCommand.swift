import Aggregator
import HTTP
import Platform
import Service
import Settings

/// Commands to a running aggregator, over the socket in its data folder.
enum ControlCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let terminal = AggregatorProgram.terminal
    let folder = AggregatorProgram.folder(invocation)
    let (method, target) = request(invocation)
    do throws(ControlSocket.Failure) {
      let socket = ControlSocket(path: folder.controlSocketPath)
      terminal.print(try await socket.ask(method, target) + "\n")
      terminal.end(.success)
    } catch {
      switch error {
      case .notRunning:
        terminal.fail(
          "no aggregator is running on \(folder.directory.path): start it with run", .unavailable)
      case .refused(_, let text): terminal.fail(text, .negative)
      case .broken(let reason): terminal.fail(reason, .internal)
      }
    }
  }

  private static func request(_ invocation: Invocation) -> (Method, target: String) {
    switch invocation.command {
    case ["collector", "add"]:
      let projects = invocation.values("project").map { "project=\($0)" }
      return (.post, "/collectors?" + projects.joined(separator: "&"))
    case ["collector", "list"]:
      return (.get, "/collectors")
    case ["collector", "revoke"]:
      guard let id = invocation.operands.first else {
        AggregatorProgram.terminal.fail("name the collector's id", .usage)
      }
      return (.delete, "/collectors/\(id)")
    case ["project", "add"]:
      var parameters: [String] = []
      if let id = invocation.operands.first { parameters.append("id=\(id)") }
      if let name = invocation.value("name") {
        parameters.append("name=" + PercentCoding.encode(name))
      }
      parameters += settings(invocation)
      return (.post, "/projects?" + parameters.joined(separator: "&"))
    case ["project", "set"]:
      guard let id = invocation.operands.first else {
        AggregatorProgram.terminal.fail("name the project's id", .usage)
      }
      return (.post, "/projects/\(id)?" + settings(invocation).joined(separator: "&"))
    default: AggregatorProgram.terminal.fail("no such command", .usage)
    }
  }

  /// What a command says about a project, as parameters.
  private static func settings(_ invocation: Invocation) -> [String] {
    [("time-zone", "time_zone"), ("retention-days", "retention_days")].compactMap { option, name in
      invocation.value(option).map { name + "=" + PercentCoding.encode($0) }
    }
  }
}
