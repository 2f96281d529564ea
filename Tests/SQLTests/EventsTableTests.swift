import Events
import JSON
import Kernels
import Platform
import Query
import QueryModel
import SealedModel
import Sections
import Testing

@testable import SQL
@testable import SQLite

/// The same statements over the events of sections, and over a plain table with the same events.
@Suite("SQL over the events of a project") struct EventsTableTests {
  private static let answers: SectionAnswers = {
    do {
      let clock = SystemClock(timers: try EventLoop(name: "timers"))
      return SectionAnswers(KernelThreads(count: 1), clock: clock, onDamage: .leaveOut)
    } catch { fatalError("\(error)") }
  }()

  private func answer(
    _ statement: String, _ snapshot: Snapshot, rows: Int = SQLQuestion.usualRows,
    within limits: Limits = .standard
  ) async throws -> Result<SQLAnswer, SQLProblem> {
    try await Self.answers.answer(
      SQLQuestion(statement, rowLimit: rows), from: snapshot, within: limits
    ).answer
  }

  private static let statements = [
    "SELECT count(*), min(cts), max(cts), sum(sts) FROM events",
    "SELECT event_name, count(*), count(DISTINCT profile_id) FROM events GROUP BY 1 ORDER BY 1",
    "SELECT * FROM events ORDER BY event_id",
    "SELECT event_id FROM events WHERE event_name = 'view' AND cts >= 1767600000000 ORDER BY 1",
    "SELECT event_id FROM events WHERE event_name = 'VIEW' COLLATE NOCASE ORDER BY 1",
    "SELECT event_id FROM events WHERE profile_id = 'p1' AND cts < 1768000000000.5 ORDER BY 1",
    "SELECT event_id FROM events WHERE profile_id IN ('p1', 'p2', '') ORDER BY 1",
    "SELECT event_id FROM events WHERE profile_id = NULL OR visitor_id IS NULL ORDER BY 1",
    "SELECT event_id FROM events WHERE cts > '1767600000000' AND cts <= 9e18 ORDER BY 1",
    "SELECT event_id FROM events WHERE cts > 9223372036854775807 OR cts < -1e300",
    "SELECT event_id FROM events WHERE cts BETWEEN 1767700000000 AND 1767600000000",
    "SELECT source, device_id, session_id, count(*) FROM events GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT key, count(*) FROM events, json_each(props) GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM events WHERE event_name = 'é'",
    "SELECT count(*) FROM events a JOIN events b ON a.profile_id = b.profile_id WHERE a.cts < b.cts",
  ]

  @Test("rows are those of a plain table with the same events", arguments: 0..<120)
  func equal(seed: Int) async throws {
    var random = seeded(UInt64(seed))
    var history = ModelHistory.random(.some(UInt64(seed)), using: &random)
    let parts = Int.random(in: 1...3, using: &random)
    let sealed = try Sealed(erasingSomeOf: &history, parts: parts, using: &random)
    let plain = PlainEvents(history.events.filter { !$0.kind.isOperation })
    for statement in Self.statements {
      let found = try await answer(statement, sealed.snapshot).get()
      var expected: [[SQLiteValue]] = []
      let console = try Console(over: ["events": plain], memoryBytes: 64 << 20, check: {})
      try console.run(statement) { _ in
      } row: { row in
        expected.append((0..<row.count).map { row[$0] })
        return true
      }
      #expect(found.rows == expected, "\(statement)")
      #expect(found.cut == nil)
    }
  }

  @Test("what a statement does wrong is said, with its place; what it does not name is not there")
  func problems() async throws {
    let nothing = Snapshot([], of: Sealed.secret)
    #expect(
      try await answer("SELECT nobody FROM events", nothing)
        == .failure(SQLProblem(message: "no such column: nobody", place: 7)))
    #expect(
      try await answer("SELECT 1 FROM people", nothing)
        == .failure(SQLProblem(message: "no such table: people", place: nil)))
    let empty = try await answer("SELECT * FROM events", nothing).get()
    #expect(empty.columns.count == EventsTable.Column.allCases.count && empty.rows.isEmpty)
  }

  @Test("more rows than were asked for are cut, and it says so; exactly as many are whole")
  func limits() async throws {
    let nothing = Snapshot([], of: Sealed.secret)
    let ten =
      "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 10) SELECT x FROM n"
    let whole = try await answer(ten, nothing, rows: 10).get()
    #expect(whole.rows.count == 10 && whole.cut == nil)
    let cut = try await answer(ten, nothing, rows: 9).get()
    #expect(cut.rows.count == 9 && cut.cut == .rows)
    let wide =
      "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 10) "
      + "SELECT hex(zeroblob(4000000)) FROM n"
    let heavy = try await answer(wide, nothing).get()
    #expect(heavy.rows.count == 4 && heavy.cut == .bytes)
  }

  @Test("a statement that takes too long, or too much, ends with that")
  func endless() async throws {
    let nothing = Snapshot([], of: Sealed.secret)
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count("
    await #expect(throws: QueryError.deadlineExceeded) {
      try await answer(
        endless + "*) FROM n", nothing,
        within: Limits(time: .milliseconds(50), memoryBytes: 64 << 20))
    }
    do {
      _ = try await answer(
        endless + "DISTINCT x) FROM n", nothing,
        within: Limits(time: .seconds(60), memoryBytes: 4 << 20))
      Issue.record("it ended")
    } catch QueryError.overBudget {}
  }
}

/// The same columns from a plain array, read from its beginning to its end each time.
private final class PlainEvents: VirtualTable {
  let events: [ModelEvent]

  init(_ events: [ModelEvent]) { self.events = events }

  var columns: String {
    EventsTable.Column.allCases.map(\.declaration).joined(separator: ", ")
  }

  func plan(for constraints: [TableConstraint]) -> TablePlan {
    TablePlan(choosing: [], rows: 1_000, cost: 1_000)
  }

  func rows(within bounds: [TableBound], columns: TableColumns) throws -> any TableRows {
    Rows(events)
  }

  final class Rows: TableRows {
    let events: [ModelEvent]
    var place = 0

    init(_ events: [ModelEvent]) { self.events = events }

    var isAtEnd: Bool { place >= events.count }
    var number: Int64 { Int64(place) }

    func next() { place += 1 }

    func write(column: Int, to value: TableValue) {
      let event = events[place]
      let text: String?
      switch EventsTable.Column(rawValue: column) {
      case .cts: return value.set(event.cts)
      case .sts: return value.set(event.sts)
      case .id: text = event.id.description
      case .name: text = event.name
      case .profile: text = event.profile
      case .device: text = event.device
      case .session: text = event.session
      case .visitor: text = event.visitor
      case .source: text = event.source
      case .props: text = String(decoding: event.props.sorted.bytes, as: UTF8.self)
      case .ctx: text = String(decoding: event.ctx.sorted.bytes, as: UTF8.self)
      case nil: return
      }
      if let text, !text.isEmpty { value.set(text) }
    }
  }
}

extension JSONValue {
  /// With the keys of all objects in the order of their bytes.
  fileprivate var sorted: JSONValue {
    switch self {
    case .array(let values): .array(values.map(\.sorted))
    case .object(let members):
      .object(
        members.map { JSONMember($0.key, $0.value.sorted) }
          .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
    default: self
    }
  }
}
