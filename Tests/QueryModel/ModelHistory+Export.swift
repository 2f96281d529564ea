import JSON
package import Query

extension ModelHistory {
  /// The values of an export's columns, event by event.
  package func rows(_ export: EventExport) throws(QueryError) -> [[Value]] {
    try export.check()
    var events = selected(export.selector, export.scope)
    if export.direction == .newestFirst { events.reverse() }
    return events.map { event in
      export.columns.map { scalar(at: $0, of: event, export.scope.profiles) }
    }
  }

  /// The lines of an export, as its format says.
  package func lines(_ export: EventExport) throws(QueryError) -> String {
    let rows = try rows(export)
    switch export.format {
    case .json:
      return rows.map { "[" + $0.map(\.json.description).joined(separator: ",") + "]\n" }.joined()
    case .csv:
      let header = export.columns.map { Self.field(.string($0.description)) }
      return ([header] + rows.map { $0.map(Self.field) })
        .map { $0.joined(separator: ",") + "\n" }.joined()
    }
  }

  private static func field(_ value: Value) -> String {
    switch value {
    case .null: return ""
    case .string(let text):
      let isPlain = text.utf8.allSatisfy { !"\",\n\r".utf8.contains($0) }
      if !text.isEmpty && isPlain { return text }
      var quoted = "\""
      for scalar in text.unicodeScalars {
        quoted.unicodeScalars.append(scalar)
        if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
      }
      return quoted + "\""
    default: return value.json.description
    }
  }
}
