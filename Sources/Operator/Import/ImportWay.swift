import Events
package import HTTP
import JSON
import Platform

/// Where an import's events go.
package struct ImportWay: Sendable {
  package enum Door: Sendable {
    /// The control socket of an aggregator on this machine: who may open it is the operator.
    case control
    /// The routes that applications send to, with their key; they are below `prefix`.
    case intake(prefix: String, key: String)
  }

  package let door: Door
  let client: HTTPClient
  let host: String
  /// What this is called where something goes wrong.
  let name: String

  package init(_ door: Door, client: HTTPClient, host: String, name: String) {
    self.door = door
    self.client = client
    self.host = host
    self.name = name
  }

  /// What the other side says of itself.
  struct Terms: Sendable {
    /// What a state file is good for: the same store, not only the same address.
    var target: String
    var projects: Set<ProjectID>?
    var packing: ImportPacking
  }

  enum Outcome: Sendable {
    case taken(ImportReceipt)
    /// Not now; after so long, where it was said, it may.
    case later(Duration?, String)
    case failed(ImportFailure)
  }

  private static let timeout = Duration.seconds(60)

  /// Asks who is there. The routes of applications have no such question: the first parcel shows it.
  func terms() async throws(ImportFailure) -> Terms {
    guard case .control = door else {
      return Terms(target: name, projects: nil, packing: .lines)
    }
    let answer: ClientResponse
    do throws(HTTPClientError) {
      answer = try await client.send(request(.get, "/import"), timeout: Self.timeout)
    } catch { throw .unreachable("no aggregator is running on \(name)") }
    guard answer.status == 200, let json = try? JSONValue(parsing: answer.body.span),
      let store = json["store"]?.string, let rows = json["max_rows"]?.integer,
      let bytes = json["max_bytes"]?.integer
    else { throw .refused("the aggregator of \(name) takes no imports: is it an older one?") }
    let projects = (json["projects"]?.array ?? []).compactMap(\.string)
    return Terms(
      target: "store \(store)",
      // What the aggregator calls a project is one.
      projects: Set(projects.compactMap { try? ProjectID($0) }),
      packing: .columns(rows: Int(clamping: rows), bytes: Int(clamping: bytes)))
  }

  /// Sends a parcel, and says what came of it.
  func send(_ parcel: ImportParcel) async -> Outcome {
    let request: OutgoingRequest
    switch door {
    case .control:
      request = self.request(
        .post, "/import?project=\(parcel.project.text)&plain=\(parcel.plainBytes)",
        body: parcel.body.count)
    case .intake(let prefix, let key):
      var fields = FieldLines(["Content-Type": "application/x-ndjson"])
      do throws(FieldLines.Problem) {
        try fields.append("X-API-Key", key)
        try fields.append("X-Project-Id", parcel.project.text)
      } catch { return .failed(.forbidden("the key is no text for a header")) }
      request = self.request(.post, prefix + "/api/v1/events", fields, body: parcel.body.count)
    }
    do throws(HTTPClientError) {
      let answer = try await client.send(
        request, body: parcel.body, timeout: Self.timeout, maximumAnswer: 16 << 20)
      return Self.outcome(answer, of: parcel)
    } catch {
      switch error {
      case .unreachable: return .later(nil, "\(name) cannot be reached")
      case .interrupted: return .later(nil, "the connection to \(name) broke")
      case .insecure(let reason): return .failed(.unreachable("\(name): \(reason)"))
      case .malformed, .tooLarge:
        return .failed(.refused("\(name) answers something else than HTTP: \(error)"))
      }
    }
  }

  private func request(
    _ method: Method, _ target: String, _ fields: FieldLines = FieldLines(), body: Int = 0
  ) -> OutgoingRequest {
    do {
      return try OutgoingRequest(
        method, target: target, host: host, fields: fields,
        body: body == 0 ? .none : .length(body))
    } catch { preconditionFailure("\(target) at \(host): \(error)") }  // Both were checked before.
  }

  // MARK: Answers

  private static func outcome(_ answer: ClientResponse, of parcel: ImportParcel) -> Outcome {
    let json = (try? JSONValue(parsing: answer.body.span)) ?? .null  // A proxy's page says less.
    return outcome(
      status: answer.status, json,
      retryAfter: answer.value(of: "retry-after").flatMap { Int($0) }, rows: parcel.rows)
  }

  /// What an answer means; apart from the network, so that it can be tested.
  static func outcome(
    status: Int, _ json: JSONValue, retryAfter: Int?, rows: Int
  ) -> Outcome {
    let code = json["code"]?.string ?? "status_\(status)"
    let message = json["message"]?.string ?? "The answer was \(status)."
    let rejected = (json["rejected"]?.array ?? []).compactMap { entry -> ImportReceipt.Rejected? in
      guard let row = (entry["row"] ?? entry["index"])?.integer, row >= 0, row < rows else {
        return nil
      }
      return ImportReceipt.Rejected(
        row: Int(row), code: entry["code"]?.string ?? "rejected",
        reason: entry["reason"]?.string ?? "")
    }
    switch status {
    case 200:
      guard let accepted = json["accepted"]?.integer else {
        return .failed(.refused("the answer does not say how many events were taken"))
      }
      let duplicates = json["duplicates"]?.integer
      return .taken(
        ImportReceipt(
          accepted: Int(clamping: accepted), duplicates: duplicates.map { Int(clamping: $0) },
          rejected: rejected))
    case 400 where rejected.count == rows:
      return .taken(ImportReceipt(accepted: 0, duplicates: nil, rejected: rejected))
    case 403 where code == "wrong_project", 404 where code == "unknown_project":
      let all = (0..<rows).map { ImportReceipt.Rejected(row: $0, code: code, reason: message) }
      return .taken(ImportReceipt(accepted: 0, duplicates: nil, rejected: all))
    case 401, 403: return .failed(.forbidden(message))
    case 408, 425, 429, 500...599:
      return .later(retryAfter.map { .seconds(max(0, min($0, 60))) }, message)
    default: return .failed(.refused("\(code): \(message)"))
    }
  }
}
