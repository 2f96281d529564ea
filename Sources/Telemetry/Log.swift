/// Where a part of a program writes down what happened: one JSON object a line.
///
/// A log is a small value; `about(project:trace:)` gives another one that marks its lines. A message
/// is a constant and what varies is a field, so that lines can be counted, searched and limited by
/// their message. Message and fields cost nothing below the level in force.
package struct Log: Sendable {
  private let output: LogOutput
  private let project: String?
  private let trace: TraceID?

  package init(_ output: LogOutput) {
    self.init(output: output, project: nil, trace: nil)
  }

  private init(output: LogOutput, project: String?, trace: TraceID?) {
    self.output = output
    self.project = project
    self.trace = trace
  }

  /// The same log for what belongs to one project or one request.
  package func about(project: String? = nil, trace: TraceID? = nil) -> Log {
    Log(output: output, project: project ?? self.project, trace: trace ?? self.trace)
  }

  package func isEnabled(_ level: LogLevel) -> Bool { output.isEnabled(level) }

  package func debug(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.debug, message, fields())
  }

  package func info(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.info, message, fields())
  }

  package func warning(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.warning, message, fields())
  }

  package func error(_ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]) {
    write(.error, message, fields())
  }

  @inline(__always)
  package func write(
    _ level: LogLevel, _ message: StaticString, _ fields: @autoclosure () -> LogFields = [:]
  ) {
    guard output.isEnabled(level) else { return }
    output.write(level, message, fields(), project: project, trace: trace)
  }
}
