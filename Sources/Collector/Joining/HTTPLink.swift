import HTTP
import Platform
import Settings

/// One door of the aggregator over HTTP and TLS 1.3.
final class HTTPLink: AggregatorLink {
  let name: String
  private let client: HTTPClient
  private let url: ServerURL

  init(_ url: ServerURL, net: any Net, tls: TLSContext?) {
    self.url = url
    name = url.settingText
    client = HTTPClient(
      net: net, address: .tcp(host: url.host, port: url.port), host: url.host, tls: tls)
  }

  func get(_ path: String, timeout: Duration) async -> LinkOutcome {
    await exchange(.get, path, FieldLines(), [], timeout).outcome
  }

  func post(
    _ path: String, _ contentType: StaticString, _ body: [UInt8], timeout: Duration
  ) async -> LinkOutcome {
    var fields = FieldLines()
    fields.append("Content-Type", fixed: contentType)
    return await exchange(.post, path, fields, body, timeout).outcome
  }

  func reset() { client.close() }

  /// A request, and with its outcome the authority that a pin has named.
  func exchange(
    _ method: Method, _ path: String, _ fields: FieldLines, _ body: [UInt8], _ timeout: Duration
  ) async -> (outcome: LinkOutcome, authority: [UInt8]?) {
    let request: OutgoingRequest
    do {
      request = try OutgoingRequest(
        method, target: url.prefix + path, host: url.authority, fields: fields,
        body: method == .post ? .length(body.count) : .none)
    } catch {
      preconditionFailure("a checked address makes a request: \(error)")
    }
    do {
      let response = try await client.send(request, body: body, timeout: timeout)
      let answer = LinkAnswer(
        status: response.status, body: response.body, retryAfter: response.value(of: "retry-after"),
        date: response.value(of: "date"))
      return (.answer(answer), response.pinnedAuthority)
    } catch {
      return (.failed(LinkFailure(error)), nil)
    }
  }
}

extension LinkFailure {
  fileprivate init(_ error: HTTPClientError) {
    switch error {
    case .unreachable(.timedOut), .interrupted(.timedOut): self = .timedOut
    case .unreachable(let reason): self = .unreachable(Self.words(reason))
    case .insecure(let reason): self = .insecure(reason)
    case .interrupted(let reason): self = .interrupted(Self.words(reason))
    case .malformed(let problem): self = .unintelligible(problem.sentence)
    case .tooLarge(let limit): self = .unintelligible("an answer of more than \(limit) bytes")
    }
  }

  private static func words(_ error: StreamError) -> String {
    switch error {
    case .timedOut: "no answer in time"
    case .closed: "closed on our side"
    case .reset: "the connection was broken"
    case .system(let error): "\(error)"
    case .broken(let reason): reason
    }
  }

  /// The reason in words.
  var sentence: String {
    switch self {
    case .timedOut: "no answer in time"
    case .unreachable(let reason), .insecure(let reason), .interrupted(let reason),
      .unintelligible(let reason):
      reason
    }
  }
}
