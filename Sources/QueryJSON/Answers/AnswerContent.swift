package import Calendar
package import Events
package import JSON
package import Query

/// What an answer is made of, as JSON. The document is
///
///     {"definition": {…}, "answer": {…}, "missing": […]}
///
/// where `missing` is left out of an answer that knows everything.
package protocol AnswerContent {
  /// Writes the members of the object under `answer`, which is open.
  func write(to json: inout JSONWriter, _ surroundings: AnswerSurroundings) throws(QueryError)
}

/// What an answer's parts are written with.
package struct AnswerSurroundings: Sendable {
  package let project: ProjectID
  /// Whose clocks its times are written by.
  package let zone: Zone

  package init(project: ProjectID, zone: Zone) {
    self.project = project
    self.zone = zone
  }
}

/// A part of the project's events that could not be read, and that an answer does not know.
package struct MissingEvents: Equatable, Sendable {
  /// As the store calls it: a month, and which of its parts.
  package var place: String
  package var events: Int

  package init(place: String, events: Int) {
    self.place = place
    self.events = events
  }
}

extension Answer where Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, of project: ProjectID, without missing: [MissingEvents] = []
  ) throws(QueryError) {
    json.beginObject()
    json.key("definition")
    definition.write(to: &json)
    json.key("answer")
    json.beginObject()
    try content.write(to: &json, AnswerSurroundings(project: project, zone: definition.zone))
    json.endObject()
    if !missing.isEmpty {
      json.list("missing", missing) { part, json in
        json.beginObject()
        json.member("place", part.place)
        json.member("events", part.events)
        json.endObject()
      }
    }
    json.endObject()
  }
}

extension Definition {
  func write(to json: inout JSONWriter) {
    json.beginObject()
    json.member("from", zone.rfc3339(range.lowerBound))
    json.member("to", zone.rfc3339(range.upperBound))
    json.member("timezone", zone.name)
    json.member("week_start", WeekdayWord(weekStart).rawValue)
    json.member("profiles_as_of", profiles.rawValue)
    json.member("as_of", zone.rfc3339(asOf))
    if let uniques { json.member("unique_method", uniques.rawValue) }
    json.list("rules", rules) { rule, json in
      json.beginObject()
      json.member("name", rule.name)
      json.member("text", rule.text)
      json.endObject()
    }
    json.endObject()
  }
}
