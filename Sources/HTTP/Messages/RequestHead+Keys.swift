/// The id of a client with its secret, as two headers carry it.
package struct PresentedClient: Equatable, Sendable {
  package let id: String
  package let secret: String?
}

extension RequestHead {
  /// The key that the request shows: in `X-API-Key`, as a bearer token, or as the name of basic
  /// credentials, where Segment's libraries put it.
  package var presentedKey: String? {
    if let key = value(of: "x-api-key") { return key }
    switch credentials {
    case .bearer(let token): return token
    case .basic(let user, _): return user
    default: return nil
    }
  }

  /// The client id and secret of Event Lens and OpenPanel.
  package var presentedClient: PresentedClient? {
    for (id, secret) in Self.clientHeaders {
      if let found = value(of: id) { return PresentedClient(id: found, secret: value(of: secret)) }
    }
    return nil
  }

  private static let clientHeaders: [(StaticString, StaticString)] = [
    ("event-lens-client-id", "event-lens-client-secret"),
    ("openpanel-client-id", "openpanel-client-secret"),
    ("mixan-client-id", "mixan-client-secret"),
  ]
}
