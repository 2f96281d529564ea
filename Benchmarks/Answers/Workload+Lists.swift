import Calendar
import Events
import JSON
import Platform
import Query

/// The questions whose answers are events: the timelines, and the export of a month.
extension Workload {
  static var lists: [Asked] {
    [timeline("user_timeline", \.profile), timeline("user_timeline_typical", \.typicalProfile)]
      + [export]
  }

  private static func timeline(
    _ name: String, _ profile: @escaping @Sendable (Parameters) -> String
  ) -> Asked {
    let fields = [
      "event_id", "cts", "event_name", "session_id", "path", "campaign", "plan", "amount",
      "currency", "device_type", "country",
    ]
    return asked(name, fields) { parameters, asker, rows in
      let page = try await asker.page(
        RecentEvents(range: parameters.range, profileID: profile(parameters), limit: 100))
      for event in page.events {
        let event = try EventFields(event)
        rows.row { json in
          for field in fields { json.value(event.value(field)) }
        }
      }
    }
  }

  /// A few days at a time, so that no more of the month's events are in memory.
  private static let export: Asked = {
    let fields = [
      "event_id", "cts", "profile_id", "session_id", "path", "referrer", "campaign",
      "device_type", "os", "browser", "country", "app_version", "ip",
    ]
    return Asked(name: "export_csv", columns: fields) { parameters, asker, path in
      guard let path else { throw Complaint("an export needs a file: --export FILE") }
      let file = try File(path, for: .writing)
      try file.truncate(to: 0)
      var size = 0
      var lines = CSVLines()
      lines.add(header: fields)
      let month = parameters.month
      var start = month.lowerBound
      while start < month.upperBound {
        let end = min(start.saturatingAdding(milliseconds: 4 * 86_400_000), month.upperBound)
        let page = try await asker.page(
          RecentEvents(range: start..<end, name: "page_view", limit: 1 << 30))
        for event in page.events.reversed() {
          let event = try EventFields(event)
          for field in fields { lines.add(event.value(field)) }
          lines.endLine()
        }
        let bytes = lines.take()
        try file.write(bytes.span, at: size)
        size += bytes.count
        start = end
      }
      try file.close()
      return Array("[]".utf8)
    }
  }()
}
