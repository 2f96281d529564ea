package import HTTP
import Platform

/// The socket in a data folder by which an operator's commands speak to the running program.
package struct ControlSocket: Sendable {
  package enum Failure: Error {
    /// Nobody listens there: the program does not run.
    case notRunning
    /// It answered no, in its own words.
    case refused(status: Int, String)
    case broken(String)
  }

  package let path: String

  /// A full quarantine is the longest answer there is.
  private static let maximumAnswer = 16 << 20

  package init(path: String) { self.path = path }

  /// What it answers, as text.
  package func ask(
    _ method: Method, _ target: String, timeout: Duration = .seconds(30)
  ) async throws(Failure) -> String {
    do {
      let client = HTTPClient(
        net: SystemNet(
          loops: [try EventLoop(name: "control")], resolver: Worker(name: "resolver")),
        address: .unix(path: path), host: "localhost", tls: nil)
      let request = try OutgoingRequest(method, target: target, host: "localhost")
      let answer = try await client.send(
        request, timeout: timeout, maximumAnswer: Self.maximumAnswer)
      let text = String(decoding: answer.body, as: UTF8.self)
      guard answer.status < 400 else { throw Failure.refused(status: answer.status, text) }
      return text
    } catch let failure as Failure {
      throw failure
    } catch HTTPClientError.unreachable {
      throw .notRunning
    } catch {
      throw .broken("\(error)")
    }
  }
}
