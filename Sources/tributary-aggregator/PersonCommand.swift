import Aggregator
import HTTP
import JSON
import Platform
import Service
import Settings

/// `person erase` and `person erasures`.
enum PersonCommand {
  private static var terminal: Terminal { AggregatorProgram.terminal }

  static func erase(_ invocation: Invocation) async -> Never {
    let folder = AggregatorProgram.folder(invocation)
    var parameters: [String] = []
    for name in ["project", "profile", "device", "visitor"] {
      if let value = invocation.value(name) {
        parameters.append("\(name)=" + PercentCoding.encode(value))
      }
    }
    let isNow = invocation.isGiven("now")
    if isNow { parameters.append("now=1") }
    await answering(folder) { socket throws(ControlSocket.Failure) in
      let text = try await socket.ask(
        .post, "/people/erasures?" + parameters.joined(separator: "&"))
      guard isNow, let number = parse(text)["number"]?.integer else { return text }
      let pause = Worker(name: "pause")
      while true {
        let all = parse(try await socket.ask(.get, "/people/erasures"))
        let own = all.array?.first { $0["number"]?.integer == number }
        if let own, own["state"]?.string == "gone" { return own.text }
        await Task(executorPreference: pause) { Pace.sleep(milliseconds: 100) }.value
      }
    }
  }

  static func list(_ invocation: Invocation) async -> Never {
    await answering(AggregatorProgram.folder(invocation)) { socket throws(ControlSocket.Failure) in
      try await socket.ask(.get, "/people/erasures")
    }
  }

  private static func parse(_ text: String) -> JSONValue {
    let bytes = Array(text.utf8)
    return (try? JSONValue(parsing: bytes.span)) ?? .null
  }

  private static func answering(
    _ folder: DataFolder, _ ask: (ControlSocket) async throws(ControlSocket.Failure) -> String
  ) async -> Never {
    do throws(ControlSocket.Failure) {
      terminal.print(try await ask(ControlSocket(path: folder.controlSocketPath)) + "\n")
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
}
