import Collector
import HTTP
import Platform
import Service
import Settings

/// `status`: asks a running collector, over the socket in its data folder.
enum StatusCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let terminal = CollectorProgram.terminal
    let folder = CollectorProgram.folder(invocation)
    do throws(ControlSocket.Failure) {
      let socket = ControlSocket(path: folder.controlSocketPath)
      terminal.print(try await socket.ask(.get, "/status", timeout: .seconds(10)) + "\n")
      terminal.end(.success)
    } catch {
      switch error {
      case .notRunning:
        terminal.fail(
          "no collector is running on \(folder.directory.path): start it with run", .unavailable)
      case .refused(_, let text): terminal.fail(text, .negative)
      case .broken(let reason): terminal.fail(reason, .internal)
      }
    }
  }
}
