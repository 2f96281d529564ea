internal import Calendar

/// One line of the log as bytes:
///
///     {"timestamp":"2026-05-04T10:11:12.345Z","level":"info","service":"tributary-collector",
///      "project_id":null,"trace_id":null,"message":"listening","address":"127.0.0.1:7070"}
///
/// The first six members are always there and in this order. Whatever a client sent can stand in a
/// value: it is escaped, controls and line separators included, so that it can neither begin a line of
/// its own nor speak to a terminal.
enum LogLine {
  /// Longer values are cut, so that a line has a bound however long a client's text is.
  static let maximumValueUTF8Count = 2048

  static func encode(
    at milliseconds: Int64, _ level: LogLevel, service: String, project: String?,
    trace: TraceID?, message: StaticString, _ fields: LogFields
  ) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(256)
    line.append(contentsOf: #"{"timestamp":""#.utf8)
    line.append(contentsOf: timestamp(milliseconds))
    line.append(contentsOf: #"","level":""#.utf8)
    line.append(contentsOf: level.description.utf8)
    line.append(contentsOf: #"","service":"#.utf8)
    appendText(service, to: &line)
    line.append(contentsOf: #","project_id":"#.utf8)
    appendText(project, to: &line)
    line.append(contentsOf: #","trace_id":"#.utf8)
    appendText(trace?.description, to: &line)
    line.append(contentsOf: #","message":"#.utf8)
    appendText(message.description, to: &line)
    for (name, value) in fields.entries {
      line.append(UInt8(ascii: ","))
      let name = name.description
      appendText(reserved.contains(name) ? name + "_" : name, to: &line)
      line.append(UInt8(ascii: ":"))
      append(value, to: &line)
    }
    line.append(contentsOf: "}\n".utf8)
    return line
  }

  /// A field may not take the place of what every line has.
  private static let reserved: Set<String> = [
    "timestamp", "level", "service", "project_id", "trace_id", "message",
  ]

  private static func append(_ value: LogValue, to line: inout [UInt8]) {
    switch value {
    case .text(let text): appendText(text, to: &line)
    case .integer(let number): line.append(contentsOf: String(number).utf8)
    case .bool(let flag): line.append(contentsOf: (flag ? "true" : "false").utf8)
    case .double(let number) where number.isFinite:
      line.append(contentsOf: number.description.utf8)
    case .double(let number): appendText(number.description, to: &line)  // JSON has no infinity.
    }
  }

  private static func appendText(_ text: String?, to line: inout [UInt8]) {
    guard let text else {
      line.append(contentsOf: "null".utf8)
      return
    }
    line.append(UInt8(ascii: "\""))
    var left = maximumValueUTF8Count
    for scalar in text.unicodeScalars {
      left -= UTF8.width(scalar)
      guard left >= 0 else {
        line.append(contentsOf: "…".utf8)
        break
      }
      appendEscaped(scalar, to: &line)
    }
    line.append(UInt8(ascii: "\""))
  }

  private static func appendEscaped(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
    switch scalar.value {
    case 0x22, 0x5C:
      line.append(UInt8(ascii: "\\"))
      line.append(UInt8(truncatingIfNeeded: scalar.value))
    case 0x0A: line.append(contentsOf: #"\n"#.utf8)
    // C0, DEL and C1 drive terminals; the separators end a line for some readers, and the
    // directional marks let a line show something other than what it says.
    case ..<0x20, 0x7F...0x9F, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
      line.append(contentsOf: #"\u"#.utf8)
      let digits = String(scalar.value, radix: 16)
      line.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
      line.append(contentsOf: digits.utf8)
    default: line.append(contentsOf: UTF8.encode(scalar)!)  // Every scalar has a UTF-8 form.
    }
  }

  /// RFC 3339 in UTC with milliseconds. It knows the years 0 to 9999; times outside are clamped.
  static func timestamp(_ milliseconds: Int64) -> [UInt8] {
    let known = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    return Instant(milliseconds: known).rfc3339Bytes
  }
}
