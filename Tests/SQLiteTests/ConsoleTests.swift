import Testing

@testable import SQLite

/// The whole numbers from 0 on, with their squares, as rows.
private final class Numbers: VirtualTable {
  struct Broken: Error {}

  let count: Int64
  var plans: [[TableConstraint]] = []
  var readings: [(bounds: [TableBound], square: Bool)] = []

  init(count: Int64) { self.count = count }

  var columns: String { "number INTEGER, square INTEGER, word TEXT" }

  func plan(for constraints: [TableConstraint]) -> TablePlan {
    plans.append(constraints)
    let chosen = constraints.indices.filter { constraints[$0].column == 0 }
    return TablePlan(choosing: chosen, rows: chosen.isEmpty ? 1_000 : 10, cost: 1_000)
  }

  func rows(within bounds: [TableBound], columns: TableColumns) throws -> any TableRows {
    readings.append((bounds, columns.contains(1)))
    var from: Int64 = 0
    var until = count
    for bound in bounds {
      guard case .integer(let value) = bound.value else { continue }
      switch bound.constraint.comparison {
      case .equal: (from, until) = (max(from, value), min(until, value + 1))
      case .greaterOrEqual, .greater: from = max(from, value)
      case .less, .lessOrEqual: until = min(until, value + 1)
      }
    }
    return Rows(from, until)
  }

  final class Rows: TableRows {
    var number: Int64
    let until: Int64

    init(_ from: Int64, _ until: Int64) {
      number = from
      self.until = until
    }

    var isAtEnd: Bool { number >= until }

    func next() throws {
      number += 1
      if number == 666 { throw Broken() }
    }

    func write(column: Int, to value: TableValue) throws {
      switch column {
      case 0: value.set(number)
      case 1: value.set(number * number)
      default: if number % 2 == 0 { value.set("w\(number)") }
      }
    }
  }
}

@Suite("Statements of others over tables of ours") struct ConsoleTests {
  private func rows(
    _ sql: String, count: Int64 = 100, memoryBytes: Int = 64 << 20, limit: Int = 1_000,
    check: @escaping () throws -> Void = {}
  ) throws -> [[SQLiteValue]] {
    let console = try Console(
      over: ["numbers": Numbers(count: count)], memoryBytes: memoryBytes, check: check)
    var rows: [[SQLiteValue]] = []
    try console.run(sql) { _ in
    } row: { row in
      rows.append((0..<row.count).map { row[$0] })
      return rows.count < limit
    }
    return rows
  }

  private func refusal(_ sql: String) -> String? {
    do {
      _ = try rows(sql)
      return nil
    } catch let ConsoleProblem.statement(message, _) { return message } catch { return "\(error)" }
  }

  @Test("a table is read with bounds that SQLite finds, and every kind of value comes through")
  func reads() throws {
    #expect(
      try rows("SELECT count(*), sum(square) FROM numbers") == [[.integer(100), .integer(328_350)]])
    #expect(
      try rows("SELECT number, word FROM numbers WHERE number BETWEEN 4 AND 5")
        == [[.integer(4), .text("w4")], [.integer(5), .null]])
    #expect(
      try rows("SELECT 1.5, x'00ff', 'ä' || char(0)") == [
        [.double(1.5), .blob([0, 255]), .text("ä\0")]
      ])
    let both = try rows(
      "SELECT a.number FROM numbers a JOIN numbers b ON a.number = b.square WHERE b.number > 7")
    #expect(both == [[.integer(64)], [.integer(81)]])
  }

  @Test("a reading is told its bounds and whether a column is of interest")
  func bounds() throws {
    let table = Numbers(count: 100)
    let console = try Console(over: ["numbers": table], memoryBytes: 1 << 20, check: {})
    try console.run("SELECT number FROM numbers WHERE number >= 98 AND square < 9700") { _ in
    } row: { row in
      #expect(row[0] == .integer(98))
      return true
    }
    #expect(table.readings.count == 1)
    #expect(
      table.readings[0].bounds
        == [TableBound(TableConstraint(column: 0, .greaterOrEqual), .integer(98))])
    #expect(table.readings[0].square)
    // Letters that are equal without being the same bytes are not ours to compare.
    try console.run("SELECT 1 FROM numbers WHERE word = 'W2' COLLATE NOCASE") { _ in
    } row: { _ in
      true
    }
    #expect(table.plans.last == [])
  }

  @Test(
    "whatever is not one statement that reads is refused",
    arguments: [
      "CREATE TABLE t(x)", "ATTACH '/etc/passwd' AS p", "PRAGMA temp_store", "DELETE FROM numbers",
      "INSERT INTO numbers VALUES (1, 1, '')", "BEGIN", "VACUUM INTO '/x'", "",
      "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE numbers", "-- nothing",
      "SELECT * FROM pragma_database_list", "SELECT * FROM sqlite_schema",
      "SELECT load_extension('x')", "SELECT * FROM nobody", "SELECT 1 +", "SELECT 1\0",
      "CREATE TEMP VIEW v AS SELECT 1", "ANALYZE", "SAVEPOINT s", "DETACH main",
    ]) func refused(sql: String)
  {
    #expect(refusal(sql) != nil)
  }

  @Test("a comment behind a statement is no second one; a long statement is none at all")
  func statements() throws {
    #expect(try rows("SELECT 1; -- done").count == 1)
    #expect(
      refusal("SELECT " + String(repeating: " ", count: 64 << 10) + "1")?.contains("65536") == true)
    #expect(refusal("SELECT nothing FROM numbers")?.contains("nothing") == true)
  }

  @Test("what never ends, and what wants too much memory, is ended")
  func endless() throws {
    struct Late: Error {}
    var calls = 0
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    do {
      _ = try rows(endless + "SELECT count(*) FROM n") {
        calls += 1
        if calls == 100 { throw Late() }
      }
      Issue.record("it ended")
    } catch ConsoleProblem.failed(let error) { #expect(error is Late) }
    do {
      _ = try rows(endless + "SELECT count(DISTINCT x) FROM n", memoryBytes: 8 << 20)
      Issue.record("it ended")
    } catch ConsoleProblem.overBudget(let bytes) { #expect(bytes >= 8 << 20) }
    #expect(throws: (any Error).self) { try rows("SELECT zeroblob(1000000000)") }
    #expect(try rows(endless + "SELECT x FROM n", limit: 5).count == 5)
  }

  @Test("what a table throws ends the statement, and is what is thrown")
  func failures() throws {
    do {
      _ = try rows("SELECT count(*) FROM numbers", count: 1_000)
      Issue.record("it ended")
    } catch ConsoleProblem.failed(let error) { #expect(error is Numbers.Broken) }
  }
}
