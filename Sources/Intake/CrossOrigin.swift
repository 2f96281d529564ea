internal import HTTP

/// What browsers want to hear before pages of other origins may send events (the Fetch standard's
/// CORS protocol). Cookies play no part, so any origin may be told yes: which pages may use a
/// client is decided with the request itself.
enum CrossOrigin {
  /// The answer to the question that precedes a request.
  static func preflight(_ head: borrowing RequestHead) -> Response {
    var response = Response(.noContent)
    allow(head, in: &response)
    if head.fields.contains("origin") {
      response.fields.append("Access-Control-Allow-Methods", fixed: "POST, OPTIONS")
      response.fields.append("Access-Control-Allow-Headers", fixed: headers)
      response.fields.append("Access-Control-Max-Age", 86_400)
    }
    return response
  }

  /// Lets the page read this answer.
  static func allow(_ head: borrowing RequestHead, in response: inout Response) {
    guard let origin = head.value(of: "origin") else { return }
    // An origin that is no field value was refused with the head; the answer is then unreadable.
    guard (try? response.fields.append("Access-Control-Allow-Origin", origin)) != nil else {
      return
    }
    response.fields.append("Vary", fixed: "Origin")
    response.fields.append("Access-Control-Expose-Headers", fixed: "Retry-After")
  }

  private static let headers: StaticString = """
    content-type, content-encoding, authorization, x-api-key, x-project-id, x-write-key, \
    idempotency-key, traceparent, event-lens-client-id, event-lens-client-secret, \
    openpanel-client-id, openpanel-client-secret, openpanel-sdk-name, openpanel-sdk-version, \
    mixan-client-id, mixan-client-secret, x-umami-cache, sp-anonymous, x-retry-count
    """
}
