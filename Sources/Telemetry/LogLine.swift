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
    appendTimestamp(milliseconds, to: &line)
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

  /// RFC 3339 in UTC with milliseconds, for the years 0 to 9999; times outside are clamped.
  static func appendTimestamp(_ milliseconds: Int64, to line: inout [UInt8]) {
    let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let day = Int((clamped.quotientAndRemainder(dividingBy: 86_400_000)).quotient)
    var rest = Int(clamped) - day * 86_400_000
    let days = rest < 0 ? day - 1 : day
    if rest < 0 { rest += 86_400_000 }
    // Days to a civil date by 400-year eras that begin in March, so that a leap day comes last.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * ofYear + 2) / 153
    let civilMonth = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
    func append(_ value: Int, width: Int, then separator: Unicode.Scalar) {
      var divisor = width == 4 ? 1000 : width == 3 ? 100 : 10
      while divisor > 0 {
        line.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
        divisor /= 10
      }
      line.append(UInt8(ascii: separator))
    }
    append(year, width: 4, then: "-")
    append(civilMonth, width: 2, then: "-")
    append(ofYear - (153 * month + 2) / 5 + 1, width: 2, then: "T")
    append(rest / 3_600_000, width: 2, then: ":")
    append(rest / 60_000 % 60, width: 2, then: ":")
    append(rest / 1000 % 60, width: 2, then: ".")
    append(rest % 1000, width: 3, then: "Z")
  }
}
