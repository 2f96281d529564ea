import JSON

extension Response {
  /// An error in the one shape that every route of ours answers: `code` for programs, and a sentence
  /// for people under each of the names by which clients look for it.
  package static func problem(
    _ status: HTTPStatus, _ code: String, _ sentence: String,
    fields: [(name: String, value: String)] = []
  ) -> Response {
    var json = JSONWriter(capacity: 256)
    json.beginObject()
    json.key("code")
    json.string(code)
    for name in ["message", "error", "detail"] {
      json.key(name)
      json.string(sentence)
    }
    for (name, value) in fields {
      json.key(name)
      json.string(value)
    }
    json.endObject()
    return .json(json.bytes, status)
  }

  /// The same, with the seconds after which it makes sense to ask again.
  package static func problem(
    _ status: HTTPStatus, _ code: String, _ sentence: String, retryAfterSeconds: Int
  ) -> Response {
    var response = problem(status, code, sentence)
    response.fields.append("Retry-After", retryAfterSeconds)
    return response
  }

  /// The answer to a request that is no HTTP of ours.
  package static func problem(_ problem: HTTPProblem) -> Response {
    var response = Response.problem(problem.httpStatus, "\(problem)".snakeCased, problem.sentence)
    response.closes = true
    return response
  }

  /// The answer to a body that could not be had.
  package static func problem(_ error: BodyError) -> Response {
    switch error {
    case .tooLarge(let limit):
      .problem(
        .contentTooLarge, "body_too_large", "The body is larger than \(limit) bytes.",
        fields: [("limit", "\(limit)")])
    case .malformed(let problem): .problem(problem)
    case .unsupportedCoding:
      .problem(
        .unsupportedMediaType, "unsupported_coding",
        "Of content codings, gzip, deflate and zstd are understood.")
    case .undecodable:
      .problem(
        .badRequest, "undecodable_body", "The body is not what its Content-Encoding says.")
    case .stream:
      .problem(.requestTimeout, "body_incomplete", "The body did not come, or came too slowly.")
    }
  }

  /// The answer to a connection of a stranger for which there is no place.
  static let crowded: Response = {
    var response = problem(
      .serviceUnavailable, "too_many_unauthenticated",
      "Connections without a key have all the places that there are for them: try again in a moment, "
        + "or show a key.",
      retryAfterSeconds: 1)
    response.closes = true
    return response
  }()

  /// The bytes of an answer that needs no request.
  func encodedFarewell(_ date: DateLine) -> [UInt8] {
    guard case .bytes(let content) = body else { preconditionFailure("a farewell is no stream") }
    var bytes: [UInt8] = []
    OutgoingResponse(status, fields, body: .length(content.count), connection: .close)
      .append(to: &bytes, date: date)
    return bytes + content
  }

  /// The answers to what no route takes.
  package static func problem(_ refusal: RouterRefusal) -> Response {
    switch refusal {
    case .unknownPath:
      .problem(.notFound, "unknown_path", "There is nothing at this path.")
    case .wrongMethod(let method, let allowed):
      .problem(
        .methodNotAllowed, "wrong_method",
        "This path takes \(allowed.joined(separator: " or ")), not \(method).")
    }
  }
}

extension String {
  /// `badFieldName` as `bad_field_name`.
  fileprivate var snakeCased: String {
    var text = ""
    for character in self {
      if character.isUppercase { text += "_" }
      text += character.lowercased()
    }
    return text
  }
}
