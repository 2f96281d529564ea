import Calendar
import Events
import JSON
import Platform
import Query
import Synchronization

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

  private static let export: Asked = {
    let fields = [
      "event_id", "cts", "profile_id", "session_id", "path", "referrer", "campaign",
      "device_type", "os", "browser", "country", "app_version", "ip",
    ]
    let paths = [
      "event_id", "cts", "profile_id", "session_id", "props.path", "props.referrer",
      "props.campaign", "ctx.device_type", "ctx.os", "ctx.browser", "ctx.country",
      "ctx.app_version", "ctx.ip",
    ]
    return Asked(name: "export_csv", columns: fields) { parameters, asker, path in
      guard let path else { throw Complaint("an export needs a file: --export FILE") }
      let export = EventExport(
        Scope(parameters.month), of: try EventSelector(["page_view"]),
        columns: try paths.map { try PropertyPath($0) })
      let output = try OutputFile(path, header: fields.joined(separator: ",") + "\n")
      try await asker.write(export) { output.append($0) }
      try output.finish()
      return Array("[]".utf8)
    }
  }()
}

/// A file that lines are appended to, whichever thread they come from. The header comes first and alone,
/// and has paths where the workload has names: it is written anew.
private final class OutputFile: Sendable {
  private struct State {
    var size: Int
    var isHeaderNext = true
    var problem: SystemError?
  }

  private let file: File
  private let state: Mutex<State>

  init(_ path: String, header: String) throws {
    file = try File(path, for: .writing)
    try file.truncate(to: 0)
    let bytes = Array(header.utf8)
    try file.write(bytes.span, at: 0)
    state = Mutex(State(size: bytes.count))
  }

  /// Whether there is any sense in appending more.
  func append(_ bytes: Span<UInt8>) -> Bool {
    state.withLock { state in
      if state.isHeaderNext {
        state.isHeaderNext = false
        return true
      }
      do throws(SystemError) {
        try file.write(bytes, at: state.size)
        state.size += bytes.count
        return true
      } catch {
        state.problem = error
        return false
      }
    }
  }

  func finish() throws {
    if let problem = state.withLock({ $0.problem }) { throw problem }
  }
}
