import Events
import JSON
import Query

/// A listed event by the names of the benchmark's columns: its own fields, else `props`, else `ctx`.
struct EventFields {
  private let record: [UInt8]
  private let view: EventRecordView
  private let time: Int64
  private let props: JSONValue
  private let ctx: JSONValue

  init(_ event: StoredEvent) throws {
    record = event.record
    let bytes = event.record.span
    view = try EventRecordView(bytes, range: 0..<bytes.count, checking: false)
    time = view.time(clockShift: event.clockShift)
    props = try Properties.value(bytes, from: view.props.lowerBound)
    ctx = try Properties.value(bytes, from: view.ctx.lowerBound)
  }

  func value(_ field: String) -> JSONValue {
    switch field {
    case "event_id": .string(view.id.description)
    case "cts": .integer(time)
    case "event_name": text(view.name)
    case "profile_id": text(view.profile)
    case "session_id": text(view.session)
    default: props[field] ?? ctx[field] ?? .null
    }
  }

  private func text(_ place: Range<Int>?) -> JSONValue {
    place.map { .string(String(decoding: record[$0], as: UTF8.self)) } ?? .null
  }
}
