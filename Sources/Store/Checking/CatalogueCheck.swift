import Batches
import Events
import SQLite
import Sections

/// The database's part of a check: what it names, and whether the hot batches are as they were written.
struct CatalogueCheck {
  struct KnownPack {
    let generation: UInt64
    let rows: Int
  }

  private let path: String
  private var database: Database?
  /// By number; nil where the database cannot tell.
  private(set) var packs: [UInt64: KnownPack]?
  /// Those that a merge has replaced: their files stay for a while.
  private(set) var retired: Set<UInt64> = []
  private(set) var generation: UInt64 = 0
  private(set) var aside: [UInt64: [Int: String]] = [:]
  private(set) var secrets: [ProjectID: [UInt8]] = [:]
  private let batches = StoredBatchReader()

  init(_ path: String) { self.path = path }

  /// Opens the database, has SQLite look at its pages, and reads what it names.
  mutating func read(into report: inout StoreCheckReport) {
    do throws(SQLiteError) {
      let database = try Database(path: path, configuration: .reader())
      self.database = database
      try database.withStatement("PRAGMA quick_check(20)") { statement throws(SQLiteError) in
        while try statement.step() {
          let line = statement.text(0)
          if line != "ok" { report.add(.catalogue, line) }
        }
      }
      var packs: [UInt64: KnownPack] = [:]
      try database.withStatement("SELECT number, generation, rows FROM pack") {
        statement throws(SQLiteError) in
        while try statement.step() {
          packs[UInt64(bitPattern: statement.int64(0))] = KnownPack(
            generation: UInt64(bitPattern: statement.int64(1)), rows: statement.int(2))
        }
      }
      let file = StoreFile(reading: database)
      retired = Set(try file.retiredPacks().keys)
      generation = try file.generation()
      aside = try file.sectionsAside()
      for (project, secret) in try file.secrets() { secrets[project] = secret.bytes }
      self.packs = packs
    } catch { report.add(.catalogue, "\(error)") }
  }

  /// Every hot batch: what its row says, and what the batch does.
  func checkBatches(
    sealed: [ProjectID: Int64], into report: inout StoreCheckReport
  ) {
    guard let database else { return }
    do throws(SQLiteError) {
      let file = StoreFile(reading: database)
      let known = try file.unreadableBatches()
      try database.withStatement(
        """
        SELECT number, project, source, received, shift, rows, duplicates, rejected, sum, bytes
        FROM hot_batch ORDER BY number
        """
      ) { statement throws(SQLiteError) in
        while try statement.step() {
          report.batches += 1
          let label = StoredBatchLabel(statement)
          let project = try? ProjectID(label.project)  // One that is none is a finding itself.
          if let project, known[label.number] == nil, label.number <= sealed[project] ?? 0 {
            report.add(
              .batch(label.number), "its rows are in a pack too", of: project, events: label.rows)
          }
          guard let problem = problem(of: statement, label) else {
            report.batchEvents += max(0, label.rows - label.dropped.count)
            continue
          }
          let aside = known[label.number] == nil ? "" : " (set aside)"
          report.add(
            .batch(label.number), "\(problem)\(aside)", of: project, events: max(0, label.rows))
        }
      }
    } catch { report.add(.catalogue, "stored batches: \(error)") }
  }

  private func problem(of row: Statement, _ label: StoredBatchLabel) -> String? {
    guard row.isNull(8) || row.int64(8) == Int64(label.sum) else { return "the sum of its row" }
    guard (try? ProjectID(label.project)) != nil else { return "a project that is none" }
    do throws(BatchProblem) {
      let core = try batches.core(of: row.blob(9))
      return core.rowCount == label.rows ? nil : "\(core.rowCount) rows, not \(label.rows)"
    } catch { return error.code }
  }
}

extension StoredBatchLabel {
  /// From a row of number, project, source, received, shift, rows, duplicates, rejected.
  init(_ row: Statement) {
    self.init(
      number: row.int64(0), project: row.text(1), source: row.text(2), received: row.int64(3),
      shift: row.int64(4), rows: row.int(5), duplicates: row.blob(6), rejected: row.blob(7))
  }
}
