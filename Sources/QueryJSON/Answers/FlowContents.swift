import Calendar
package import JSON
package import Query

/// `{"starts": […], "rows": [{"group", "cohorts": [[…]], "mean": […]}]}`: a cohort's first number is
/// its size.
extension RetentionQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.times("starts", starts, in: surroundings.zone)
    json.list("rows", rows) { row, json in
      json.beginObject()
      json.group(row.group)
      json.list("cohorts", row.cells) { cells, json in json.array(cells) }
      json.list("mean", row.mean) { share, json in json.share(share) }
      json.endObject()
    }
  }
}

/// `{"rows": [{"group", "sessions", …, "pieces": [{"start", "sessions", …}]}], "entry_pages":
/// [{"page", "sessions"}], "exit_pages": […]}`
extension SessionsQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("rows", rows) { row, json in
      json.beginObject()
      json.group(row.group)
      row.measures.write(to: &json)
      json.list("pieces", row.pieces) { piece, json in
        json.beginObject()
        json.member("start", surroundings.zone.rfc3339(piece.start))
        piece.measures.write(to: &json)
        json.endObject()
      }
      json.endObject()
    }
    for (key, pages) in [("entry_pages", entryPages), ("exit_pages", exitPages)] {
      json.list(key, pages) { page, json in
        json.beginObject()
        json.member("page", page.page)
        json.member("sessions", page.sessions)
        json.endObject()
      }
    }
  }
}

extension SessionsQuestion.Measures {
  fileprivate func write(to json: inout JSONWriter) {
    json.member("sessions", sessions)
    json.member("events", events)
    json.member("views", views)
    json.member("duration_ms", duration)
    json.member("mean_duration_ms", meanMilliseconds)
    json.member("bounces", bounces)
    json.member("bounceable", bounceable)
    json.member("bounce_rate", bounceRate)
  }
}

/// `{"rows": [{"group", "people", "views", "pieces": [{"start", "people", "views"}]}]}`
extension VisitorsQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("rows", rows) { row, json in
      json.beginObject()
      json.group(row.group)
      json.member("people", row.people)
      json.member("views", row.views)
      json.list("pieces", row.pieces) { piece, json in
        json.beginObject()
        json.member("start", surroundings.zone.rfc3339(piece.start))
        json.member("people", piece.people)
        json.member("views", piece.views)
        json.endObject()
      }
      json.endObject()
    }
  }
}

/// `{"sessions", "walks": [{"stations": […], "sessions"}], "links": [{"place", "source", "target",
/// "sessions", "mean_ms"}]}`
extension PathsQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.member("sessions", sessions)
    json.list("walks", walks) { walk, json in
      json.beginObject()
      json.values("stations", walk.stations)
      json.member("sessions", walk.sessions)
      json.endObject()
    }
    json.list("links", links) { link, json in
      json.beginObject()
      json.member("place", link.place)
      json.member("source", link.source)
      json.member("target", link.target)
      json.member("sessions", link.sessions)
      json.member("mean_ms", link.meanMilliseconds)
      json.endObject()
    }
  }
}

/// `{"pieces": [{"start", "new", "returning", "resurrecting", "dormant"}]}`
extension LifecycleQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("pieces", pieces) { piece, json in
      json.beginObject()
      json.member("start", surroundings.zone.rfc3339(piece.start))
      json.member("new", piece.new)
      json.member("returning", piece.returning)
      json.member("resurrecting", piece.resurrecting)
      json.member("dormant", piece.dormant)
      json.endObject()
    }
  }
}

/// `{"people": […]}`: at place k − 1, those who were active in k pieces.
extension StickinessQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("people", people)
  }
}
