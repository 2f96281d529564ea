import Events
import HTTP
import JSON
import Operator
import Platform
import Settings

/// `sql`: one statement over the events of a project, answered by a running aggregator.
enum SQLCommand {
  static let command = Command(
    "sql", "asks the aggregator of this machine in SQL",
    discussion: """
      One SELECT statement (SQLite's dialect) over the table `events`, a row an event:

        event_id    TEXT     UUIDv7           device_id   TEXT
        event_name  TEXT                      session_id  TEXT
        cts         INTEGER  when, ms UTC     visitor_id  TEXT
        sts         INTEGER  received, ms     source      TEXT     which collector
        profile_id  TEXT                      props, ctx  TEXT     JSON: props->>'$.path'

      Bounds on cts, and equality of event_name and profile_id, say what is read at all; everything
      else is looked at row by row. unixepoch('2026-01-01') * 1000 is a bound.

      It reads, it writes nothing, and it sees one project. A statement has a minute and 256 MiB, an
      answer at most --rows rows and 32 MiB.

      It ends with 0 when there is an answer, with 1 when the statement is wrong, with 69 when no
      aggregator is there, with 75 when the statement was too slow or wanted too much.
      """,
    operands: "[STATEMENT|-]",
    options: [
      .value("data", "DIR", "the folder of the aggregator that runs on this machine", .folder),
      .value("project", "ID", "whose events; the only project if there is but one"),
      .value("rows", "N", "no more rows than this, from 1 to 100,000; 10,000 if not given"),
      .value("format", "NAME", "table, csv, ndjson or json; table if not given"),
    ],
    examples: [
      CommandExample(
        "tributary sql --data /var/lib/tributary/aggregator"
          + " \"SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC\"",
        "how many events of each name"),
      CommandExample(
        "tributary sql --data /var/lib/tributary/aggregator --format csv - < report.sql",
        "a statement from a file, for a spreadsheet"),
    ])

  private static let terminal = OperatorProgram.terminal

  static func run(_ invocation: Invocation) -> Never {
    guard let folder = invocation.value("data") else {
      terminal.fail("--data DIR says which aggregator is asked", .usage)
    }
    let statement = statement(invocation)
    let project = project(invocation)
    let format = format(invocation)
    var rows: Int?
    if let text = invocation.value("rows") {
      guard let number = Int(text), (1...100_000).contains(number) else {
        terminal.fail("--rows has to be from 1 to 100000", .usage)
      }
      rows = number
    }
    let limit = rows
    terminal.wait {
      do {
        let net = SystemNet(
          loops: [try EventLoop(name: "sql")], resolver: Worker(name: "resolver"))
        let socket = Directory(folder).file("control.sock")
        let door = SQLDoor(
          HTTPClient(net: net, address: .unix(path: socket), host: "localhost", tls: nil))
        let answer = try await door.ask(statement, of: project, rows: limit)
        show(answer, as: format)
      } catch let failure as SQLDoor.Failure {
        switch failure {
        case .notRunning:
          terminal.fail(
            "no aggregator is running on \(folder); start it with `tributary-aggregator run`",
            .unavailable)
        case .refused(let message): terminal.fail(message, .negative)
        case .failed(let message): terminal.fail(message, .temporary)
        }
      } catch {
        terminal.fail("\(error)", .internal)
      }
    }
  }

  private static func show(_ answer: [UInt8], as format: RowSheet.Format) -> Never {
    guard let json = try? JSONValue(parsing: answer.span), let sheet = RowSheet(json) else {
      terminal.fail("the aggregator gave no such answer: is it an older one?", .protocol)
    }
    terminal.print(
      format == .json ? String(decoding: answer, as: UTF8.self) + "\n" : sheet.text(as: format))
    for missing in sheet.missing { terminal.warn("not in the answer: \(missing)") }
    if let cut = sheet.cut {
      terminal.warn(
        cut == "rows"
          ? "there are more than these \(sheet.rowCount) rows; --rows asks for more"
          : "there are more than these \(sheet.rowCount) rows, and an answer has 32 MiB at most")
    }
    terminal.end(.success)
  }

  // MARK: What was asked for

  private static func statement(_ invocation: Invocation) -> String {
    guard invocation.operands.count < 2 else {
      terminal.fail("one statement, in quotes, or - for standard input", .usage)
    }
    guard let text = invocation.operands.first, text != "-" else {
      do { return String(decoding: try standardInput(), as: UTF8.self) } catch {
        terminal.fail("standard input cannot be read: \(error)", .noInput)
      }
    }
    return text
  }

  /// All of it, or so much that it is more than a statement may have.
  private static func standardInput() throws(SystemError) -> [UInt8] {
    let input = try InputFile.standardInput()
    var bytes = [UInt8](repeating: 0, count: 128 << 10)
    var filled = 0
    while filled < bytes.count {
      let count = try input.read(into: &bytes, from: filled)
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }

  private static func project(_ invocation: Invocation) -> String? {
    guard let text = invocation.value("project") else { return nil }
    do { return try ProjectID(text).text } catch {
      terminal.fail("--project \(text) is no id of a project", .usage)
    }
  }

  private static func format(_ invocation: Invocation) -> RowSheet.Format {
    guard let name = invocation.value("format") else { return .table }
    guard let format = RowSheet.Format(rawValue: name) else {
      let names = RowSheet.Format.allCases.map(\.rawValue).joined(separator: ", ")
      terminal.fail("--format \(name) is none of \(names)", .usage)
    }
    return format
  }
}
