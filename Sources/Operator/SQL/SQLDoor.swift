package import HTTP
import JSON
import Platform

/// The way from `tributary sql` to an aggregator on this machine: its control socket.
package struct SQLDoor: Sendable {
  package enum Failure: Error {
    case notRunning
    /// The statement, or how it was asked, is not right.
    case refused(String)
    /// It may be right, and there is no answer.
    case failed(String)
  }

  private let client: HTTPClient

  /// A minute for the statement, and some for the way.
  private static let timeout = Duration.seconds(75)
  private static let maximumAnswer = 64 << 20

  package init(_ client: HTTPClient) { self.client = client }

  /// The answer, as the aggregator writes it.
  package func ask(
    _ statement: String, of project: String?, rows: Int?
  ) async throws(Failure) -> [UInt8] {
    var query: [String] = []
    if let project { query.append("project=\(project)") }
    if let rows { query.append("rows=\(rows)") }
    let body = Array(statement.utf8)
    let answer: ClientResponse
    do {
      let request = try OutgoingRequest(
        .post, target: "/sql" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
        host: "localhost", body: .length(body.count))
      answer = try await client.send(
        request, body: body, timeout: Self.timeout, maximumAnswer: Self.maximumAnswer)
    } catch HTTPClientError.unreachable { throw .notRunning } catch { throw .failed("\(error)") }
    if answer.status < 400 { return answer.body }
    let problem = try? JSONValue(parsing: answer.body.span)  // What is no JSON is shown as it is.
    let message =
      problem?["error"]?["message"]?.string ?? problem?["message"]?.string
      ?? String(decoding: answer.body, as: UTF8.self)
    throw (400...404).contains(answer.status) ? .refused(message) : .failed(message)
  }
}
