import Calendar
package import Events
package import JSON
package import Query

/// Events as the answers write them.
package enum EventJSON {
  /// The whole event: `Docs/semantics.md` says what each field means.
  package static func write(
    _ stored: StoredEvent, of project: ProjectID, to json: inout JSONWriter
  ) throws(QueryError) {
    let bytes = stored.record.span
    let view = try view(of: stored)
    json.beginObject()
    json.key("event_id")
    json.string(view.id.description)
    json.key("project_id")
    json.string(project.text)
    json.key("event_name")
    json.string(utf8: bytes.extracting(view.name))
    json.key("kind")
    json.string("\(view.kind)")
    json.key("interactive")
    json.bool(view.flags.contains(.interactive))
    json.key("cts")
    json.integer(view.time(clockShift: stored.clockShift))
    json.key("sts")
    json.integer(view.sts)
    if let raw = view.rawTime {
      json.key("raw_cts")
      json.integer(raw)
    }
    for (key, place) in [
      ("profile_id", view.profile), ("device_id", view.device), ("session_id", view.session),
      ("visitor_id", view.visitor),
    ] {
      json.key(key)
      if let place { json.string(utf8: bytes.extracting(place)) } else { json.null() }
    }
    json.key("props")
    try properties(view.props, bytes, &json)
    json.key("ctx")
    try properties(view.ctx, bytes, &json)
    json.key("source")
    json.string(stored.source)
    json.endObject()
  }

  /// The event as the list of one person's events has it: type, time and metadata, in the words of
  /// the system that it comes from.
  package static func writeShort(
    _ stored: StoredEvent, to json: inout JSONWriter
  ) throws(QueryError) {
    let bytes = stored.record.span
    let view = try view(of: stored)
    json.beginObject()
    json.key("event_id")
    json.string(view.id.description)
    json.key("event_type")
    json.string(utf8: bytes.extracting(view.name))
    json.key("timestamp")
    json.string(Instant(milliseconds: view.time(clockShift: stored.clockShift)).rfc3339)
    json.key("metadata")
    try properties(view.props, bytes, &json)
    if let session = view.session {
      json.key("session_id")
      json.string(utf8: bytes.extracting(session))
    }
    json.key("ctx")
    try properties(view.ctx, bytes, &json)
    json.endObject()
  }

  private static func view(of stored: StoredEvent) throws(QueryError) -> EventRecordView {
    do {
      return try EventRecordView(
        stored.record.span, range: 0..<stored.record.count, checking: false)
    } catch { throw .unreadable("a stored record: \(error)") }
  }

  private static func properties(
    _ range: Range<Int>, _ bytes: Span<UInt8>, _ json: inout JSONWriter
  ) throws(QueryError) {
    do { _ = try Properties.write(bytes, from: range.lowerBound, to: &json) } catch {
      throw .unreadable("stored properties: \(error)")
    }
  }
}
