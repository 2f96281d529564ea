import Calendar
import Crypto
import Events
import JSON
import Platform
package import Spool

/// What a collector has set aside, in the words of the command `quarantine`: events that could not
/// be shipped, and databases that could not be read. It takes nothing out.
package struct Quarantine: Sendable {
  private let spool: Spool
  private let folder: Directory

  package init(_ spool: Spool, _ folder: CollectorFolder) {
    self.spool = spool
    self.folder = Directory(folder.spoolPath).directory("quarantine")
  }

  /// One JSON object a line, the oldest event first, the databases behind them.
  package func list() async throws -> [UInt8] {
    var json = JSONWriter(capacity: 4_096)
    var next: Int64 = 0
    while true {
      // A part at a time: in between the spool takes events.
      let page = try await spool.quarantined(from: next, limit: 200)
      for (event, recordBytes) in page {
        json.beginObject()
        Self.write(event, recordBytes: recordBytes, to: &json)
        json.endObject()
        json.endLine()
      }
      guard let last = page.last else { break }
      next = last.event.id + 1
    }
    for name in try databases() {
      json.beginObject()
      json.key("database")
      json.string(name)
      json.key("is_brought_over")
      json.bool(try folder.directory(name).names().contains("salvaged"))
      json.endObject()
      json.endLine()
    }
    return json.bytes
  }

  /// One event with all that is known of it; nil where there is none under this id.
  package func show(_ id: Int64) async throws -> [UInt8]? {
    guard let event = try await spool.quarantinedEvent(id) else { return nil }
    var json = JSONWriter(capacity: 1_024 + 2 * event.record.count)
    json.beginObject()
    Self.write(event, recordBytes: event.record.count, to: &json)
    json.key("event")
    if let read = try? Event(record: event.record.span) {  // What is damaged is shown as bytes.
      Self.write(read, to: &json)
    } else {
      json.null()
    }
    json.key("record")
    json.string(Hex.encode(event.record.span))
    json.endObject()
    json.endLine()
    return json.bytes
  }

  /// The folders of databases that were set aside.
  private func databases() throws(SystemError) -> [String] {
    do throws(SystemError) {
      return try folder.names().sorted()
    } catch {
      if error.isMissing { return [] }
      throw error
    }
  }

  private static func write(
    _ event: QuarantinedEvent, recordBytes: Int, to json: inout JSONWriter
  ) {
    json.key("id")
    json.integer(event.id)
    for (key, value) in [
      ("project", event.project), ("epoch", event.epoch), ("reason", event.reason),
      ("at", Instant(milliseconds: event.wallMilliseconds).rfc3339),
    ] {
      json.key(key)
      json.string(value)
    }
    json.key("sequence")
    json.integer(event.sequence)
    json.key("bytes")
    json.integer(recordBytes)
    json.key("is_intact")
    json.bool(event.isIntact)
  }

  private static func write(_ event: Event, to json: inout JSONWriter) {
    json.beginObject()
    for (key, value) in [
      ("event_id", event.id.description), ("event_name", event.name), ("kind", "\(event.kind)"),
    ] {
      json.key(key)
      json.string(value)
    }
    for (key, value) in [("cts", event.cts), ("sts", event.sts)] {
      json.key(key)
      json.integer(value)
    }
    for (key, value) in [
      ("profile_id", event.profile), ("device_id", event.device), ("session_id", event.session),
      ("visitor_id", event.visitor),
    ] {
      json.key(key)
      if let value { json.string(value) } else { json.null() }
    }
    json.key("props")
    json.value(event.props)
    json.key("ctx")
    json.value(event.ctx)
    json.endObject()
  }
}
