import Calendar
package import JSON

/// How the number of a client's time is read: always milliseconds, or seconds where it is small.
package enum ClientTimeUnit: Sendable { case milliseconds, guessed }

extension EventDraft {
  /// Sets the client's time from the value that is due; null is no time.
  package mutating func setTime(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ unit: ClientTimeUnit
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .number: clientTime = Self.milliseconds(try cursor.numberValue(bytes), unit)
    case .null: try cursor.nullValue(bytes)
    case .string:
      let text = try cursor.textValue(bytes)
      let resolved = text.hasEscapes ? text.bytes(in: bytes) : []
      let time =
        text.hasEscapes
        ? Instant(rfc3339: resolved.span) : Instant(rfc3339: bytes.extracting(text.range))
      guard let time else { throw .timestamp(field: "") }
      clientTime = time.milliseconds
    default: throw .timestamp(field: "")
    }
  }

  /// Nil where it is a time that no event can have, which is none then.
  private static func milliseconds(_ number: JSONNumber, _ unit: ClientTimeUnit) -> Int64? {
    switch (number, unit) {
    case (.integer(let value), .milliseconds): value
    case (.double(let value), .milliseconds): Int64(exactly: value.rounded(.down))
    case (.integer(let value), .guessed): Instant(timestamp: value)?.milliseconds
    case (.double(let value), .guessed): Instant(timestamp: value)?.milliseconds
    }
  }
}
