import Collector
import HTTP
import Platform
import Settings

/// `status`: asks a running collector, over the socket in its data folder.
enum StatusCommand {
  static func run(_ invocation: Invocation) async -> Never {
    let folder = CollectorProgram.folder(invocation)
    do {
      let loop = try EventLoop(name: "control")
      let client = HTTPClient(
        net: SystemNet(loops: [loop], resolver: Worker(name: "resolver")),
        address: .unix(path: folder.controlSocketPath), host: "localhost", tls: nil)
      let request = try OutgoingRequest(.get, target: "/status", host: "localhost")
      let answer = try await client.send(request, timeout: .seconds(10))
      let text = String(decoding: answer.body, as: UTF8.self)
      guard answer.status == 200 else { CollectorProgram.terminal.fail(text, .negative) }
      CollectorProgram.terminal.print(text + "\n")
      CollectorProgram.terminal.end(.success)
    } catch HTTPClientError.unreachable {
      CollectorProgram.terminal.fail(
        "no collector is running on \(folder.directory.path): start it with run", .unavailable)
    } catch {
      CollectorProgram.terminal.fail("\(error)", .internal)
    }
  }
}
