/// How much a line matters. At the default, `info`, a request that went well leaves no line.
package enum LogLevel: Int, CaseIterable, Comparable, Sendable, CustomStringConvertible {
  /// What a developer wants to see, at any price.
  case debug
  /// What an operator wants to find later: start, stop, changes of state, refusals.
  case info
  /// Something that will need a person if it goes on.
  case warning
  /// Something that needs a person.
  case error

  package init?(_ text: String) {
    guard let level = Self.allCases.first(where: { $0.description == text }) else { return nil }
    self = level
  }

  package var description: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  package static func < (left: LogLevel, right: LogLevel) -> Bool {
    left.rawValue < right.rawValue
  }
}
