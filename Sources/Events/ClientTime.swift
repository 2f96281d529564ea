import Calendar
package import JSON

/// Reading the times that clients send: RFC 3339 (without a zone it is UTC), milliseconds since 1970,
/// and seconds, which are told from milliseconds by being below 10^11.
package enum ClientTime {
  package enum Unit: Sendable { case milliseconds, guessed }

  private static let leastMilliseconds: Int64 = 100_000_000_000

  /// The time of a number, in ms. Nil where 64 bits do not hold it, which is no time then.
  package static func milliseconds(_ number: JSONNumber, _ unit: Unit) -> Int64? {
    switch number {
    case .integer(let value):
      if unit == .guessed, value.magnitude < leastMilliseconds.magnitude { return value * 1_000 }
      return value
    case .double(let value):
      let isSeconds = unit == .guessed && abs(value) < Double(leastMilliseconds)
      return Int64(exactly: isSeconds ? (value * 1_000).rounded() : value.rounded(.down))
    }
  }
}

extension EventDraft {
  /// Sets the client's time from the value that is due; null is no time.
  package mutating func setTime(
    of cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ unit: ClientTime.Unit
  ) throws(EventProblem) {
    switch try cursor.kind(bytes) {
    case .number: clientTime = ClientTime.milliseconds(try cursor.numberValue(bytes), unit)
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
}
