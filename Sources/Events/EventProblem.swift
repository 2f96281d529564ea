package import JSON

/// Why a client's event is not taken, with the facts. `code` is for programs, `sentence` for people;
/// both go back to the client and quote nothing but what it sent.
package enum EventProblem: Error, Equatable, Sendable {
  case json(JSONError)
  case notAnObject
  case missing(field: String)
  case wrongType(field: String, expected: String)
  case name(EventName.Problem)
  case id(field: String, utf8Count: Int)
  case timestamp(field: String)
  case tooLarge(bytes: Int)
  case tooDeep
  case tooManyProperties
  case duplicateKey(String)
  case wrongProject(named: String)
  case unknownType(String)

  /// The same problem, of the field that its reader knows by name.
  package func named(_ name: @autoclosure () -> String) -> EventProblem {
    switch self {
    case .wrongType("", let expected): .wrongType(field: name(), expected: expected)
    case .id("", let count): .id(field: name(), utf8Count: count)
    case .timestamp(""): .timestamp(field: name())
    default: self
    }
  }

  package var code: String {
    switch self {
    case .json: "invalid_json"
    case .notAnObject: "not_an_object"
    case .missing: "missing_field"
    case .wrongType: "wrong_type"
    case .name: "bad_name"
    case .id: "bad_id"
    case .timestamp: "bad_timestamp"
    case .tooLarge: "event_too_large"
    case .tooDeep: "event_too_deep"
    case .tooManyProperties: "too_many_properties"
    case .duplicateKey: "duplicate_key"
    case .wrongProject: "wrong_project"
    case .unknownType: "unknown_type"
    }
  }

  package var sentence: String {
    switch self {
    case .json(let error): "The event is not valid JSON: \(error.message)."
    case .notAnObject: "An event must be a JSON object."
    case .missing(let field): "The field `\(field)` is required."
    case .wrongType(let field, let expected): "The field `\(field)` must be \(expected)."
    case .name(.empty): "The event's name is empty."
    case .name(.tooLong(let count)):
      "The event's name has \(count) bytes; the limit is \(EventLimits.nameBytes)."
    case .name(.control): "The event's name has a control character."
    case .id(let field, 0): "The field `\(field)` is empty; leave it out or send null."
    case .id(let field, let count):
      "The field `\(field)` has \(count) bytes; the limit is \(EventLimits.idBytes)."
    case .timestamp(let field):
      "The field `\(field)` is no time: RFC 3339 or a number since 1970 is expected."
    case .tooLarge(let bytes):
      "The event has \(bytes) bytes; the limit is \(EventLimits.eventBytes)."
    case .tooDeep: "The event is nested more than \(EventLimits.depth) levels deep."
    case .tooManyProperties: "The event has more than \(EventLimits.properties) properties."
    case .duplicateKey(let key): "The key `\(key)` appears twice in one object."
    case .wrongProject(let named): "The key of this request does not belong to project `\(named)`."
    case .unknownType(let type): "Nothing is known of the type `\(type)`."
    }
  }
}

/// An event of a request that was not taken, as the reply lists it.
package struct Rejection: Equatable, Sendable {
  /// Its place among the request's events, from 0.
  package let index: Int
  /// What the client called it, if it said.
  package let eventID: String?
  package let code: String
  package let reason: String
  /// Where it stands in the body, for whoever keeps what was refused; nil where there is no body.
  package let place: Range<Int>?

  package init(
    index: Int, eventID: String?, code: String, reason: String, place: Range<Int>? = nil
  ) {
    self.index = index
    self.eventID = eventID
    self.code = code
    self.reason = reason
    self.place = place
  }

  package init(index: Int, eventID: String?, _ problem: EventProblem, place: Range<Int>? = nil) {
    self.init(
      index: index, eventID: eventID, code: problem.code, reason: problem.sentence, place: place)
  }
}
