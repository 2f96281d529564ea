/// What a field of a log line holds.
package enum LogValue: Equatable, Sendable {
  case text(String)
  case integer(Int)
  case double(Double)
  case bool(Bool)

  /// An error in its own words.
  package static func error(_ error: any Error) -> LogValue { .text("\(error)") }
  /// A time span in milliseconds; name the field `…_ms`.
  package static func milliseconds(_ duration: Duration) -> LogValue {
    .double(duration / .milliseconds(1))
  }
}

extension LogValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  package init(stringLiteral value: String) { self = .text(value) }
}

extension LogValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral
{
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// The fields of one line, in the order in which they are written down.
package struct LogFields: ExpressibleByDictionaryLiteral, Sendable {
  package private(set) var entries: [(name: StaticString, value: LogValue)]

  package init(dictionaryLiteral elements: (StaticString, LogValue)...) {
    entries = elements.map { (name: $0.0, value: $0.1) }
  }

  package mutating func append(_ name: StaticString, _ value: LogValue) {
    entries.append((name: name, value: value))
  }
}
