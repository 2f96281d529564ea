package import JSON

/// The rows of a SQL answer, as text for people and for programs.
package struct RowSheet: Sendable {
  package enum Format: String, CaseIterable, Sendable {
    /// Columns under each other, for reading.
    case table
    /// RFC 4180: a line of names, then a line a row; NULL is an empty field.
    case csv
    /// An object a line.
    case ndjson
    /// The answer as the aggregator gives it.
    case json
  }

  private let columns: [String]
  private let rows: [[JSONValue]]

  package let rowCount: Int
  /// Why there may be more rows than these: `rows` or `bytes`.
  package let cut: String?
  /// What the aggregator could not read.
  package let missing: [String]

  /// Nil if this is no such answer.
  package init?(_ answer: JSONValue) {
    guard let columns = answer["columns"]?.array, let rows = answer["rows"]?.array else {
      return nil
    }
    self.columns = columns.map { $0.string ?? "" }
    self.rows = rows.map { $0.array ?? [] }
    rowCount = rows.count
    cut = answer["cut"]?.string
    missing = (answer["missing"]?.array ?? []).compactMap(\.string)
  }

  package func text(as format: Format) -> String {
    switch format {
    case .table: table
    case .csv: csv
    case .ndjson: ndjson
    case .json: ""
    }
  }

  // MARK: For people

  /// What a cell shows at most: one long text shall not push all others off the screen.
  private static let widest = 60

  private var table: String {
    if columns.isEmpty { return "" }
    let cells = rows.map { row in row.map(Self.cell) }
    var widths = columns.map { min($0.count, Self.widest) }
    for row in cells {
      for (column, cell) in row.enumerated() where column < widths.count {
        widths[column] = max(widths[column], cell.count)
      }
    }
    let isNumeric = columns.indices.map { column in
      !rows.isEmpty
        && rows.allSatisfy { row in
          switch column < row.count ? row[column] : .null {
          case .integer, .double, .null: true
          default: false
          }
        }
    }
    func line(_ cells: [String]) -> String {
      var line = ""
      for (column, cell) in cells.enumerated() where column < widths.count {
        let space = String(repeating: " ", count: max(widths[column] - cell.count, 0))
        if column > 0 { line += "  " }
        line += isNumeric[column] ? space + cell : cell + space
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
    return line(columns.map(Self.shortened))
      + line(widths.map { String(repeating: "─", count: $0) }) + cells.map(line).joined()
  }

  private static func cell(_ value: JSONValue) -> String {
    switch value {
    case .null: "∅"
    case .string(let text): shortened(text)
    default: String(decoding: value.bytes, as: UTF8.self)
    }
  }

  /// One line of what can be seen: what would move the cursor is shown as a point.
  private static func shortened(_ text: String) -> String {
    var shown = ""
    for character in text.prefix(widest) {
      let isSeen = character.unicodeScalars.allSatisfy { scalar in
        !(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value))
      }
      shown.append(isSeen ? character : "·")
    }
    return text.count > widest ? shown.dropLast() + "…" : shown
  }

  // MARK: For programs

  private var csv: String {
    var text = columns.map(Self.field).joined(separator: ",") + "\r\n"
    for row in rows {
      text +=
        row.map { value in
          switch value {
          case .null: ""
          case .string(let text): Self.field(text)
          default: String(decoding: value.bytes, as: UTF8.self)
          }
        }.joined(separator: ",") + "\r\n"
    }
    return text
  }

  /// An empty text is quoted, so that it is told from NULL.
  private static func field(_ text: String) -> String {
    let isPlain = !text.isEmpty && !text.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
    if isPlain { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.unicodeScalars.append("\"") }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  private var ndjson: String {
    rows.map { row in
      let members = zip(columns, row).map { JSONMember($0, $1) }
      return String(decoding: JSONValue.object(members).bytes, as: UTF8.self) + "\n"
    }.joined()
  }
}
