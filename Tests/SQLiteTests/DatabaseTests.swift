import TestSupport
import Testing

@testable import SQLite

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Database") struct DatabaseTests {
  let scratch = Scratch()

  func open(_ configuration: DatabaseConfiguration = .owner(exclusively: true)) throws -> Database {
    try Database(path: scratch.path + "/test.db", configuration: configuration)
  }

  @Test("rows come back as they were bound, whatever their size")
  func roundTrip() throws {
    let database = try open()
    try database.execute(script: "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, body BLOB)")
    for size in [0, 1, 4_000, 100_000] {
      let body = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
      try database.withStatement("INSERT INTO t VALUES (?, ?, ?)") {
        statement throws(SQLiteError) in
        statement.bind(1, size)
        statement.bind(2, "naïve \(size)")
        try statement.run(lending: body.span, as: 3)
      }
      try database.withStatement("SELECT * FROM t WHERE id = ?") { statement throws(SQLiteError) in
        statement.bind(1, size)
        #expect(try statement.step())
        #expect(statement.int(0) == size)
        #expect(statement.text(1) == "naïve \(size)")
        #expect(statement.blob(2) == body)
        #expect(!statement.isNull(2))
        #expect(statement.withBlob(2) { $0.count } == size)
        #expect(try !statement.step())
      }
    }
    #expect(database.changes == 1)
    #expect(database.walPages > 25)
  }

  @Test("a transaction that throws leaves nothing behind")
  func rollback() throws {
    let database = try open()
    try database.execute(script: "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    #expect(throws: SQLiteError.self) {
      try database.transaction { () throws(SQLiteError) in
        try database.execute("INSERT INTO t VALUES (1)")
        try database.execute("INSERT INTO t VALUES (1)")
      }
    }
    #expect(!database.isInTransaction)
    #expect(try database.integer("SELECT count(*) FROM t") == 0)
    do {
      try database.execute("INSERT INTO t VALUES (1)")
      try database.execute("INSERT INTO t VALUES (1)")
      Issue.record("the second insert was accepted")
    } catch { #expect(error.isConstraint && !error.mustStop) }
  }

  @Test("the page limit is met as a full database, which stays usable")
  func full() throws {
    let database = try open()
    try database.execute(script: "CREATE TABLE t (body BLOB); PRAGMA max_page_count = 20")
    let body = [UInt8](repeating: 7, count: 200_000)
    do {
      try database.withStatement("INSERT INTO t VALUES (?)") { statement throws(SQLiteError) in
        try statement.run(lending: body.span, as: 1)
      }
      Issue.record("200 kB went into 80 kB")
    } catch { #expect(error.isFull && !error.mustStop) }
    try database.execute("INSERT INTO t VALUES (x'00')")
    #expect(try database.integer("SELECT count(*) FROM t") == 1)
  }

  @Test("a pragma that does not take is refused")
  func pragmaIsReadBack() throws {
    var configuration = DatabaseConfiguration.owner(exclusively: true)
    configuration.pragmas.append(.init("synchronous", "OFF", reads: "2"))
    #expect(throws: SQLiteError.self) { try open(configuration) }
  }

  @Test("an exclusive owner has no shared memory, also of a WAL that was there, and is alone")
  func exclusive() throws {
    for name in ["first", "second"] {
      let database = try open()
      try database.execute(script: "CREATE TABLE \(name) (id INTEGER PRIMARY KEY)")
      #expect(unsafe access(scratch.path + "/test.db-wal", F_OK) == 0)
      #expect(unsafe access(scratch.path + "/test.db-shm", F_OK) != 0)
      #expect(throws: SQLiteError.self) { try open() }
      database.closeWithoutCheckpoint()
    }
  }

  @Test("a reader sees commits, cannot write, and closes without a checkpoint")
  func reader() throws {
    let writer = try open(.owner(exclusively: false))
    try writer.execute(script: "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    do {
      let reader = try open(.reader())
      try writer.execute("INSERT INTO t VALUES (5)")
      #expect(try reader.integer("SELECT id FROM t") == 5)
      #expect(throws: SQLiteError.self) { try reader.execute("INSERT INTO t VALUES (6)") }
    }
    #expect(try writer.checkpoint(.passive).pagesInWAL > 0)
  }

  @Test("checkpoints say how far they came")
  func checkpoints() throws {
    let database = try open()
    try database.execute(script: "CREATE TABLE t (body BLOB)")
    try database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    let passive = try database.checkpoint(.passive)
    #expect(passive.isComplete && passive.pagesCopied == database.walPages)
    let truncated = try database.checkpoint(.truncate)
    #expect(truncated.isComplete && truncated.pagesInWAL == 0 && database.walPages == 0)
  }

  @Test("migration goes on where it stood and refuses a newer file")
  func migration() throws {
    let steps = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE c (x)", "DROP TABLE a"]
    do {
      let database = try open()
      try Schema(steps: Array(steps.prefix(1))).migrate(database)
      try Schema(steps: steps).migrate(database)
      try Schema(steps: steps).migrate(database)
      #expect(try database.integer("SELECT count(*) FROM sqlite_schema") == 2)
    }
    let database = try open()
    #expect(throws: Schema.Problem.newer(found: 3, known: 2)) {
      try Schema(steps: Array(steps.prefix(2))).migrate(database)
    }
  }

  @Test("what is no database is told apart")
  func notADatabase() throws {
    let file = unsafe fopen(scratch.path + "/test.db", "w")
    unsafe fputs(String(repeating: "no database ", count: 1000), file)
    unsafe fclose(file)
    do {
      _ = try open()
      Issue.record("opened")
    } catch let error as SQLiteError { #expect(error.isCorrupt && error.mustStop) }
  }

  @Test(
    arguments: [
      (3_040_001, false), (3_044_005, false), (3_044_006, true), (3_045_000, false),
      (3_050_006, false), (3_050_007, true), (3_051_000, false), (3_051_003, true),
      (3_052_000, true),
    ] as [(Int32, Bool)])
  func knowsTheMendedVersions(number: Int32, isMended: Bool) {
    #expect(SQLiteVersion(number: number).allowsSeveralWriters == isMended)
  }
}
