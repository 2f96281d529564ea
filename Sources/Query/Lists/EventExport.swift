/// Chosen columns of every event that is meant, in the order of (cts, id), as lines of text. It has no
/// limit: lines are written as they are found, and whoever takes them may stop at any time.
package struct EventExport: Equatable, Sendable {
  /// What a line looks like. Values are texts, numbers and truths; a value that is absent, or is an
  /// object or an array, is nothing.
  package enum Format: String, CaseIterable, Sendable {
    /// A header, then values between commas: texts in quotes where they need them, nothing for no
    /// value, `""` for an empty text.
    case csv
    /// A JSON array for each event; `null` for no value.
    case json
  }

  package static let columnLimits = 1...64

  package var scope: Scope
  package var selector: EventSelector
  package var columns: [PropertyPath]
  package var direction: EventListQuestion.Direction
  package var format: Format

  package init(
    _ scope: Scope, of selector: EventSelector = .everything, columns: [PropertyPath],
    _ direction: EventListQuestion.Direction = .oldestFirst, as format: Format = .csv
  ) {
    self.scope = scope
    self.selector = selector
    self.columns = columns
    self.direction = direction
    self.format = format
  }

  package func check() throws(QueryError) {
    guard Self.columnLimits.contains(columns.count) else {
      throw .invalid(.outOfBounds("columns", Self.columnLimits))
    }
  }
}
