package import JSON
package import Query

/// `{"events": […], "next": "…"}`: whole events, and the cursor behind them; null at the end.
extension EventPage: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.key("events")
    json.beginArray()
    for event in events { try EventJSON.write(event, of: surroundings.project, to: &json) }
    json.endArray()
    json.key("next")
    if let next { json.string(next.description) } else { json.null() }
  }
}

/// `{"people": [{"person": {"profile": "ada"}, "events", "first_cts", "last_cts"}], "next"}`
extension PeopleQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("people", people) { person, json in
      json.beginObject()
      json.key("person")
      json.value(PersonForm.value(of: person.id))
      json.member("events", person.events)
      json.member("first_cts", person.firstCts)
      json.member("last_cts", person.lastCts)
      json.endObject()
    }
    json.key("next")
    if let next { json.value(PersonForm.value(of: next)) } else { json.null() }
  }
}

/// `{"names": [{"property", "kinds": ["text"], "events"}], "has_more"}`
extension PropertyNamesQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("names", names) { name, json in
      json.beginObject()
      json.member("property", name.path.description)
      json.key("kinds")
      json.beginArray()
      for kind in name.kinds.words { json.string(kind) }
      json.endArray()
      json.member("events", name.events)
      json.endObject()
    }
    json.key("has_more")
    json.bool(hasMore)
  }
}

extension ValueKinds {
  fileprivate var words: [String] {
    let all: [(ValueKinds, String)] = [
      (.bool, "bool"), (.number, "number"), (.text, "text"), (.list, "list"),
    ]
    return all.filter { contains($0.0) }.map(\.1)
  }
}
