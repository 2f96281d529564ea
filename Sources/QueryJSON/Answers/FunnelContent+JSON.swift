import Calendar
package import JSON
package import Query

/// `{"rows": [{"group", "reached": […], "conversion": […], "removed", "time_to_convert", "times"}],
/// "pieces": [{"start", "entered", "converted"}]}`
extension FunnelQuestion.Content: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("rows", rows) { row, json in
      json.beginObject()
      json.group(row.group)
      json.list("reached", row.reached)
      json.key("conversion")
      json.beginArray()
      for step in row.reached.indices { json.share(row.conversion(to: step + 1)) }
      json.endArray()
      json.member("removed", row.removed)
      json.key("time_to_convert")
      json.time(row.timeToConvert)
      json.list("times", row.times) { time, json in json.time(time) }
      json.endObject()
    }
    json.list("pieces", pieces) { piece, json in
      json.beginObject()
      json.member("start", surroundings.zone.rfc3339(piece.start))
      json.member("entered", piece.entered)
      json.member("converted", piece.converted)
      json.endObject()
    }
  }
}

extension JSONWriter {
  mutating func share(_ share: Double?) {
    if let share { double(share) } else { null() }
  }

  /// `{"count", "mean_ms", "median_ms", "first_bar_ms", "bar_width_ms", "bars": […]}`, or null.
  fileprivate mutating func time(_ time: TimeToConvert?) {
    guard let time else { return null() }
    beginObject()
    member("count", time.count)
    member("mean_ms", time.mean)
    member("median_ms", time.median)
    member("first_bar_ms", time.firstBar)
    member("bar_width_ms", time.barWidth)
    list("bars", time.bars)
    endObject()
  }
}

/// `{"matches": [{"step", "cts", "event"}], "end": {"reason", "event"?, …}}`; events are named by
/// their places among the person's.
extension FunnelExplanation: AnswerContent {
  package func write(
    to json: inout JSONWriter, _ surroundings: AnswerSurroundings
  ) throws(QueryError) {
    json.list("matches", matches) { match, json in
      json.beginObject()
      json.member("step", match.step)
      json.member("cts", match.time)
      json.member("event", match.ordinal)
      json.endObject()
    }
    json.key("end")
    json.beginObject()
    switch end {
    case .converted: json.member("reason", "converted")
    case .neverStarted: json.member("reason", "never_started")
    case .nothingFollowed: json.member("reason", "nothing_followed")
    case .tooLate(let ordinal, let milliseconds):
      json.member("reason", "too_late")
      json.member("event", ordinal)
      json.member("late_ms", milliseconds)
    case .excluded(let ordinal, let removed):
      json.member("reason", "excluded")
      json.member("event", ordinal)
      json.key("removed")
      json.bool(removed)
    case .interrupted(let ordinal):
      json.member("reason", "interrupted")
      json.member("event", ordinal)
    }
    json.endObject()
  }
}
